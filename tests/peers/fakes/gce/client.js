// SPDX-License-Identifier: GPL-3.0-or-later
// client.js - Google's own client at a fake Compute Engine, to judge the fake by:
//
//     NODE_PATH=.../node_modules node client.js PORT TOKEN OWNER
//
// Launches a VM as an owner, lists that owner's, deletes it, and looks for it; writes what it
// saw as JSON.
const {InstancesClient, ZoneOperationsClient} = require('@google-cloud/compute');
const {OAuth2Client} = require('google-auth-library');

// By a key the client would ask Google itself for a token, whatever the key's file says.
const [port, token, owner] = process.argv.slice(2);
const authClient = new OAuth2Client();
authClient.setCredentials({access_token: token, expiry_date: Date.now() + 3600000});
const options = {authClient, apiEndpoint: '127.0.0.1', port: Number(port), protocol: 'http',
  fallback: true};
const instances = new InstancesClient(options);
const operations = new ZoneOperationsClient(options);
const [project, zone] = ['a-project', 'europe-west1-b'];

async function done(answer) {
  let operation = answer.latestResponse;
  while (operation.status !== 'DONE') {
    [operation] = await operations.wait({project, zone, operation: operation.name});
  }
  return operation;
}

async function list() {
  const found = [];
  const request = {project, filter: `labels.ft-owner=${owner}`, maxResults: 1};
  for await (const [, scope] of instances.aggregatedListAsync(request)) {
    for (const instance of scope.instances ?? []) found.push(instance.name);
  }
  return found;
}

async function main() {
  const [made] = await instances.insert({project, zone, instanceResource: {
    name: 'by-google', machineType: `zones/${zone}/machineTypes/e2-small`,
    labels: {'ft-owner': owner},
    disks: [{boot: true, autoDelete: true, initializeParams: {
      sourceImage: 'projects/debian-cloud/global/images/family/debian-12'}}],
    networkInterfaces: [{network: 'global/networks/default'}]}});
  const inserted = await done(made);
  const before = await list();
  const [one] = await instances.get({project, zone, instance: 'by-google'});
  const [ended] = await instances.delete({project, zone, instance: 'by-google'});
  await done(ended);
  const after = await list();
  const missing = await instances.get({project, zone, instance: 'by-google'})
    .then(() => null, (error) => error.code);
  console.log(JSON.stringify({inserted: inserted.status, before, status: one.status,
    address: one.networkInterfaces[0].networkIP, after, missing}));
}

main();

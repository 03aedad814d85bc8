// SPDX-License-Identifier: GPL-3.0-or-later
// client.js - Microsoft's own client at a fake Azure, to judge the fake by:
//
//     NODE_PATH=.../node_modules node client.js URL TOKEN OWNER SUBSCRIPTION GROUP LOCATION
//
// Launches a VM as an owner, lists that owner's, deletes it, and looks for it; writes what it
// saw as JSON.
const {ComputeManagementClient} = require('@azure/arm-compute');

const [endpoint, token, owner, subscription, group, location] = process.argv.slice(2);
const client = new ComputeManagementClient({}, subscription, {endpoint});
const name = 'by-microsoft';

// The client's own policy sends no token without TLS.
client.pipeline.removePolicy({name: 'bearerTokenAuthenticationPolicy'});
client.pipeline.addPolicy({name: 'token', sendRequest: (request, next) => {
  request.allowInsecureConnection = true;
  request.headers.set('Authorization', `Bearer ${token}`);
  return next(request);
}});

const VM = {
  location, tags: {'ft-owner': owner}, hardwareProfile: {vmSize: 'Standard_B1ms'},
  storageProfile: {
    imageReference: {publisher: 'Debian', offer: 'debian-12', sku: '12-gen2', version: 'latest'},
    osDisk: {createOption: 'FromImage', deleteOption: 'Delete'}},
  osProfile: {computerName: name, adminUsername: 'someone', adminPassword: 'Not-A-Secret-1'},
  networkProfile: {networkApiVersion: '2022-11-01', networkInterfaceConfigurations: [{
    name: 'first', deleteOption: 'Delete', ipConfigurations: [{name: 'first', subnet: {
      id: `/subscriptions/${subscription}/resourceGroups/${group}/providers/` +
        'Microsoft.Network/virtualNetworks/net/subnets/hosts'}}]}]}};

async function list() {
  const found = [];
  for await (const vm of client.virtualMachines.list(group)) {
    if (vm.tags?.['ft-owner'] === owner) found.push(vm.name);
  }
  return found;
}

async function main() {
  const vms = client.virtualMachines;
  const made = await vms.beginCreateOrUpdateAndWait(group, name, VM, {updateIntervalInMs: 1});
  const before = await list();
  const again = await vms.beginCreateOrUpdateAndWait(group, name, VM, {ifNoneMatch: '*'})
    .then(() => null, (error) => error.statusCode);
  const one = await vms.get(group, name, {expand: 'instanceView'});
  await vms.beginDeleteAndWait(group, name, {updateIntervalInMs: 1});
  const after = await list();
  const missing = await vms.get(group, name).then(() => null, (error) => error.code);
  console.log(JSON.stringify({made: made.provisioningState, before, again,
    power: one.instanceView.statuses.map((s) => s.code), after, missing}));
}

main();

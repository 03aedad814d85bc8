// SPDX-License-Identifier: GPL-3.0-or-later
// contract.js - the part of the Compute Engine API that the driver calls as a closed OpenAPI
// document, made from the descriptor in Google's own client, to judge driver and fake by:
//
//     NODE_PATH=.../node_modules node contract.js FILE
//
// An unknown member of a body or an answer is an error; enums of answers are plain strings.
const fs = require('fs');
const protobuf = require('protobufjs');

const NAMESPACE = 'google.cloud.compute.v1.';
const METHODS = {
  Instances: ['Insert', 'Delete', 'Get', 'List', 'AggregatedList', 'GetSerialPortOutput'],
  ZoneOperations: ['Get', 'Wait'],
  MachineTypes: ['Get', 'List'],
  Zones: ['Get'],
  Regions: ['Get'],
  Images: ['GetFromFamily', 'Get'],
};
const VERBS = ['get', 'post', 'put', 'patch', 'delete'];

const root = protobuf.Root.fromJSON(require('@google-cloud/compute/build/protos/protos.json'));
root.resolveAll();
const schemas = {};

const camel = (name) => name.replace(/_([a-z0-9])/g, (_, c) => c.toUpperCase());

function scalar(type) {
  switch (type) {
    case 'string': case 'bytes': return {type: 'string'};
    case 'bool': return {type: 'boolean'};
    case 'int32': case 'uint32': case 'fixed32': case 'sint32':
      return {type: 'integer', format: 'int32'};
    case 'double': case 'float': return {type: 'number'};
    default: return {type: 'string', format: 'int64'};
  }
}

function ofField(field) {
  field.resolve();
  let one = scalar(field.type);
  if (field.resolvedType) {
    one = field.resolvedType instanceof protobuf.Enum ? {type: 'string'}
      : reference(field.resolvedType);
  }
  if (field.map) return {type: 'object', additionalProperties: one};
  return field.repeated ? {type: 'array', items: one} : one;
}

function reference(type) {
  if (/google\.protobuf|google\.rpc/.test(type.fullName)) return {type: 'object'};
  const name = type.fullName.replace(/^\./, '').replace(NAMESPACE, '').replace(/\./g, '_');
  if (!schemas[name]) {
    const properties = {};
    schemas[name] = {type: 'object', properties, additionalProperties: false};
    for (const field of type.fieldsArray) properties[camel(field.name)] = ofField(field);
    properties.kind ??= {type: 'string'};
  }
  return {$ref: `#/components/schemas/${name}`};
}

const json = (schema) => ({'application/json': {schema}});

const FAILURE = {type: 'object', required: ['error'], properties: {error: {
  type: 'object', required: ['code', 'message'],
  properties: {code: {type: 'integer'}, message: {type: 'string'}, status: {type: 'string'},
    errors: {type: 'array', items: {type: 'object'}}}}}};

function operation(id, method, inPath) {
  const body = method.options['(google.api.http).body'];
  const op = {operationId: id, parameters: [], responses: {
    200: {description: 'done', content: json(reference(method.resolvedResponseType))},
    default: {description: 'refused', content: json(FAILURE)}}};
  for (const field of method.resolvedRequestType.fieldsArray) {
    const name = camel(field.name);
    if (inPath.includes(name)) {
      op.parameters.push({name, in: 'path', required: true, schema: {type: 'string'}});
    } else if (body && camel(body) === name) {
      op.requestBody = {required: true, content: json(reference(field.resolve().resolvedType))};
    } else {
      op.parameters.push({name, in: 'query', schema: ofField(field)});
    }
  }
  return op;
}

const paths = {};
for (const [service, methods] of Object.entries(METHODS)) {
  for (const name of methods) {
    const method = root.lookupService(NAMESPACE + service).methods[name].resolve();
    const verb = VERBS.find((v) => method.options[`(google.api.http).${v}`]);
    const path = method.options[`(google.api.http).${verb}`].replace('/compute/v1', '')
      .replace(/\{(\w+)\}/g, (_, p) => `{${camel(p)}}`);
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((m) => m[1]);
    (paths[path] ??= {})[verb] = operation(`${service}.${name}`, method, inPath);
  }
}
fs.writeFileSync(process.argv[2], JSON.stringify({
  openapi: '3.0.3', info: {title: 'Google Compute Engine v1, a part of it', version: '1'},
  servers: [{url: 'https://compute.googleapis.com/compute/v1'}],
  security: [{oauth: []}], paths,
  components: {schemas, securitySchemes: {oauth: {type: 'http', scheme: 'bearer'}}}}));

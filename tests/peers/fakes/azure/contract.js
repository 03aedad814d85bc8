// SPDX-License-Identifier: GPL-3.0-or-later
// contract.js - the part of the Azure compute API that the driver calls as a closed OpenAPI
// document, made from what Microsoft's own client sends and reads, to judge driver and fake by:
//
//     NODE_PATH=.../node_modules node contract.js FILE
//
// An unknown member of a body or an answer is an error. What of operations the client keeps to
// itself, and where consoles are kept, is written out.
const fs = require('fs');
const path = require('path');
const {ComputeManagementClient} = require('@azure/arm-compute');
const mappers = require(path.join(path.dirname(require.resolve('@azure/arm-compute')),
  'models/mappers.js'));

const schemas = {};
const json = (schema) => ({'application/json': {schema}});

function ofType(type) {
  switch (type.name) {
    case 'Composite': return reference(type.className);
    case 'Sequence': return {type: 'array', items: ofType(type.element.type)};
    case 'Dictionary': return {type: 'object', additionalProperties: ofType(type.value.type)};
    case 'Enum': return {type: 'string', enum: type.allowedValues};
    case 'Boolean': return {type: 'boolean'};
    case 'Number': return {type: 'number'};
    case 'any': return {};
    default: return {type: 'string'};
  }
}

function ofMapper(mapper) {
  const schema = ofType(mapper.type);
  if (schema.$ref) return schema;
  const limits = mapper.constraints ?? {};
  if (limits.MaxLength) schema.maxLength = limits.MaxLength;
  if (limits.Pattern) schema.pattern = limits.Pattern.source;
  if (mapper.nullable) schema.nullable = true;
  if (mapper.readOnly) schema.readOnly = true;
  return schema;
}

function closed() {
  return {type: 'object', properties: {}, additionalProperties: false};
}

// Where "properties.a" is: in an object in the object.
function put(schema, mapper) {
  const parts = mapper.serializedName.split(/(?<!\\)\./).map((p) => p.replace(/\\/g, ''));
  const last = parts.pop();
  for (const part of parts) schema = schema.properties[part] ??= closed();
  schema.properties[last] = ofMapper(mapper);
  if (mapper.required && !mapper.readOnly) (schema.required ??= []).push(last);
}

function reference(name) {
  if (!schemas[name]) {
    schemas[name] = closed();
    const {type} = mappers[name];
    const inherited = type.uberParent && !type.modelProperties ? mappers[type.uberParent].type
      : type;
    for (const mapper of Object.values(inherited.modelProperties ?? {})) {
      put(schemas[name], mapper);
    }
  }
  return {$ref: `#/components/schemas/${name}`};
}

// ---------------------------------------------------------------- what the client would send
const CALLS = {
  virtualMachines: [['beginCreateOrUpdate', 'g', 'v', {location: 'l'}], ['beginDelete', 'g', 'v'],
    ['get', 'g', 'v'], ['list', 'g'], ['retrieveBootDiagnosticsData', 'g', 'v']],
  usageOperations: [['list', 'l']],
  resourceSkus: [['list']],
  virtualMachineImages: [['get', 'l', 'p', 'o', 's', 'v'], ['list', 'l', 'p', 'o', 's']],
};

async function specification(group, method, ...args) {
  let spec;
  const client = new ComputeManagementClient({}, 'an-id');
  client.sendOperationRequest = async (_, s) => {
    spec = s;
    throw new Error('only asked for');
  };
  try {
    const answer = client[group][method](...args);
    await (answer.next ? answer.next() : answer);
  } catch (error) {
    if (!spec) throw error;
  }
  return spec;
}

function parameters(list, where) {
  return (list ?? []).filter((p) => !/^(\$host|accept|content-type)$/i.test(p.mapper.serializedName))
    .map(({mapper}) => ({name: mapper.serializedName, in: where,
      required: where === 'path' || Boolean(mapper.required), schema: ofType(mapper.type)}));
}

function responses(spec) {
  return Object.fromEntries(Object.entries(spec.responses).map(([status, r]) => [status, {
    description: status, ...(r.bodyMapper ? {content: json(ofMapper(r.bodyMapper))} : {})}]));
}

function operation(id, spec) {
  const body = spec.requestBody?.mapper;
  return {operationId: id,
    parameters: [...parameters(spec.urlParameters, 'path'),
      ...parameters(spec.queryParameters, 'query'), ...parameters(spec.headerParameters, 'header')],
    ...(body ? {requestBody: {required: true, content: json(ofMapper(body))}} : {}),
    responses: responses(spec)};
}

// ---------------------------------------------------------------- what it keeps to itself
const text = (name, where) => ({name, in: where, required: true, schema: {type: 'string'}});
const failure = () => ({description: 'refused', content: json(reference('CloudError'))});
const OTHERS = () => ({
  '/subscriptions/{s}/providers/Microsoft.Compute/locations/{l}/operations/{o}': {get: {
    operationId: 'operations.get',
    parameters: [text('s', 'path'), text('l', 'path'), text('o', 'path'),
      text('api-version', 'query')],
    responses: {default: failure(), 200: {description: 'its state', content: json({
      type: 'object', required: ['status'], additionalProperties: false,
      properties: {name: {type: 'string'}, startTime: {type: 'string'},
        endTime: {type: 'string'}, error: reference('ApiError'),
        status: {enum: ['InProgress', 'Succeeded', 'Failed', 'Canceled']}}})}}}},
  '/consoles/{v}': {get: {operationId: 'consoles.get', security: [],
    parameters: [text('v', 'path')],
    responses: {200: {description: 'it', content: {'text/plain': {schema: {type: 'string'}}}}}}},
});

async function main() {
  const paths = OTHERS();
  for (const [group, calls] of Object.entries(CALLS)) {
    for (const [method, ...args] of calls) {
      const spec = await specification(group, method, ...args);
      (paths[spec.path] ??= {})[spec.httpMethod.toLowerCase()] =
        operation(`${group}.${method}`, spec);
    }
  }
  fs.writeFileSync(process.argv[2], JSON.stringify({
    openapi: '3.0.3', info: {title: 'Azure compute, a part of it', version: '1'},
    servers: [{url: 'https://management.azure.com'}], security: [{oauth: []}], paths,
    components: {schemas, securitySchemes: {oauth: {type: 'http', scheme: 'bearer'}}}}));
}

main();

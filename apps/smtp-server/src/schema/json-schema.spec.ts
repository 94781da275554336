import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { BUILTIN_KINDS, builtinNames } from '../plugins/builtins.js';
import { configurationJsonSchema } from './json-schema.js';
import type { JsonSchema } from './option-schema.js';

let schema: JsonSchema;
let validate: ValidateFunction;

beforeAll(async () => {
  schema = await configurationJsonSchema();
  const ajv = new Ajv2020({ allErrors: true, strict: true, strictTypes: false, strictRequired: false });
  // What a URL looks like is for the server to say; editors know the format.
  ajv.addFormat('uri', true);
  validate = ajv.compile(schema);
});

const judge = (yaml: string) =>
  validate(parse(yaml)) ? [] : (validate.errors ?? []).map((error) => error.instancePath);

describe('the JSON Schema of the configuration', () => {
  it('defines every built-in plugin', () => {
    for (const kind of BUILTIN_KINDS) {
      for (const name of builtinNames(kind)) expect(schema['$defs']).toHaveProperty([`${kind}-${name}`]);
    }
  });

  it('is JSON, and does not change on the way', () => {
    expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
  });

  it('describes every key', () => {
    for (const [key, { description }] of Object.entries(schema.properties ?? {})) {
      expect([key, description]).toEqual([key, expect.stringMatching(/./)]);
    }
  });

  const examples = join(__dirname, '../../examples');
  it.each(readdirSync(examples).filter((name) => name.endsWith('.yaml')))('accepts the example %s', (name) => {
    expect(judge(readFileSync(join(examples, name), 'utf8'))).toEqual([]);
  });

  it.each([
    ['{}'],
    ['delivery: discard'],
    ['delivery: { use: ./mine.mjs, anything: 7 }'],
    ['delivery: { use: "@example/delivery-s3", bucket: mail }'],
    ['policies: [{ use: recipients, domains: [example.org], mode: dry-run, budget: 2s }, ./mine.mjs]'],
    ['limits: { messageSize: 25MiB, recipients: 5 }\ntimeouts: { session: 1h }'],
    ['limits: { messageSize: "${env:SIZE}" }\nlisteners: [{ port: "${env:PORT}", protocol: "${env:PROTOCOL:-smtp}" }]'],
    ['delivery: { use: tee, to: { use: maildir, path: ./mail, fsync: "${env:FSYNC}" }, copies: [discard] }'],
    ['plugins: [./mine.mjs, { use: recipients, any: true }]'],
  ])('accepts %s', (yaml) => expect(judge(yaml)).toEqual([]));

  it.each([
    ['hostnam: a', ''],
    ['listeners: [{ port: 70000 }]', '/listeners/0/port'],
    ['listeners: [{ prot: 25 }]', '/listeners/0'],
    ['limits: { messageSize: 25 megabytes }', '/limits/messageSize'],
    ['verbs: helo', '/verbs'],
    ['delivery: { use: maildir }', '/delivery'],
    ['delivery: { use: maildir, path: ./mail, layout: flat }', '/delivery/layout'],
    ['delivery: { use: maildir, path: ./mail, pth: ./mail }', '/delivery'],
    ['delivery: { path: ./mail }', '/delivery'],
    ['policies: [{ use: recipients, any: true, mode: dryrun }]', '/policies/0/mode'],
    ['policies: [{ use: unless, helo: [a.example], then: [{ use: recipients, anny: true }] }]', '/policies/0/then/0'],
  ])('refuses %s', (yaml, path) => expect(judge(yaml)).toContain(path));
});

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { FakeClock, recordingLogger, testMailbox, type LogLine } from '@mailverb/testing';
import { z } from 'zod';
import { ADDRESSES, TEXTS, lookupOptions, openLookup } from './index.js';

const ann = testMailbox('Ann@example.org');
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

interface Asked {
  readonly request: IncomingMessage;
  readonly body: string;
}

async function scene(
  answer: (response: ServerResponse, asked: Asked) => void,
  written: object = {},
  path = '/t/{key}?s=secret',
) {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      asked.push({ request, body });
      answer(response, { request, body });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
  const log: LogLine[] = [];
  const clock = new FakeClock();
  const value = z.string().max(10);
  const options = lookupOptions(ADDRESSES, value).parse({ http: { url, ...written } });
  const lookup = openLookup(options, {
    form: ADDRESSES,
    value,
    what: 'the table',
    clock,
    logger: recordingLogger(log),
  });
  await lookup.start?.();
  ends.push(async () => {
    await lookup.stop?.();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { lookup, asked, log, clock, server };
}

const says =
  (status: number, body: string, type = 'application/json') =>
  (response: ServerResponse) =>
    void response.writeHead(status, { location: 'http://127.0.0.1:1/', 'content-type': type }).end(body);

describe('a table that a service knows', () => {
  it('is asked by GET, with the key in the URL and the headers', async () => {
    const { lookup, asked } = await scene(says(200, '{"value":"a","more":1}'), {
      headers: { authorization: 'Bearer x' },
    });
    expect(await lookup.find(testMailbox('"a/b ?&#{key}"@example.org'))).toEqual({ kind: 'found', value: 'a' });
    expect(asked[0]?.request.url).toBe('/t/%22a%2Fb%20%3F%26%23%7Bkey%7D%22%40example.org?s=secret');
    expect(asked[0]?.request.headers.authorization).toBe('Bearer x');
  });

  it('is asked by POST, with the key as JSON', async () => {
    const { lookup, asked } = await scene(says(200, '{"value":"a"}'), { method: 'POST' }, '/t');
    expect(await lookup.find(ann)).toEqual({ kind: 'found', value: 'a' });
    expect([asked[0]?.request.method, asked[0]?.request.url]).toEqual(['POST', '/t']);
    expect(JSON.parse(asked[0]?.body ?? '')).toEqual({ key: 'ann@example.org' });
  });

  it.each([
    [200, '{"value":null}', 'application/json'],
    [204, '', 'text/plain'],
    [404, '{}', 'application/json; charset=utf-8'],
    [404, '{}', 'application/problem+json'],
  ])('%d %s says that there is none', async (status, body, type) => {
    const { lookup, log } = await scene(says(status, body, type));
    expect(await lookup.find(ann)).toEqual({ kind: 'none' });
    expect(log).toEqual([]);
  });

  it.each([
    [200, '{}'],
    [200, '[]'],
    [200, 'null'],
    [200, '{"value"'],
    [200, '{"value":5}'],
    [200, '{"value":"much too long"}'],
    [200, `{"value":null,"x":"${'x'.repeat(300_000)}"}`],
    [301, '{"value":"a"}'],
    [302, ''],
    [401, '{}'],
    [404, '<html>', 'text/html'],
    [500, '{"value":"a"}'],
    [503, ''],
  ])('%d %.20s is no answer (attack A26)', async (status, body, type = 'application/json') => {
    const { lookup, log, asked } = await scene(says(status, body, type), { headers: { authorization: 's3cret' } });
    expect(await lookup.find(ann)).toEqual({ kind: 'failed' });
    expect(log).toHaveLength(1);
    expect(log[0]).toMatchObject({ level: 'error', fields: { key: 'ann@example.org' } });
    expect(JSON.stringify(log)).not.toMatch(/s3cret|secret/);
    // Nothing of it is kept.
    expect(await lookup.find(ann)).toEqual({ kind: 'failed' });
    expect(asked.length).toBe(2);
  });

  it('is not there, or says nothing: no answer', async () => {
    const hangs = await scene(() => {}, { timeout: '50ms' });
    expect(await hangs.lookup.find(ann)).toEqual({ kind: 'failed' });
    const resets = await scene((response) => void response.destroy());
    expect(await resets.lookup.find(ann)).toEqual({ kind: 'failed' });
    const stopped = await scene(says(200, '{"value":"a"}'));
    await stopped.lookup.stop?.();
    expect(await stopped.lookup.find(ann)).toEqual({ kind: 'failed' });
  });

  it('is asked once by all who ask the same, and again when the answer has grown old', async () => {
    const { lookup, asked, clock } = await scene(says(200, '{"value":"a"}'), { ttl: '1m' });
    const answers = await Promise.all([
      lookup.find(ann),
      lookup.find(ann),
      lookup.find(testMailbox('ANN@example.org')),
    ]);
    expect(answers.map((answer) => answer.kind)).toEqual(['found', 'found', 'found']);
    expect(asked).toHaveLength(1);
    expect(lookup.find(ann)).toEqual({ kind: 'found', value: 'a' });
    await clock.advance(60_000);
    expect(await lookup.find(ann)).toEqual({ kind: 'found', value: 'a' });
    expect(asked).toHaveLength(2);
  });

  it('keeps that there is none for a time of its own, and so many answers at most', async () => {
    const { lookup, asked, clock } = await scene(says(204, ''), { negativeTtl: '5s', cacheSize: 2 });
    for (const name of ['a', 'b', 'c', 'c', 'b']) await lookup.find(testMailbox(`${name}@x.example`));
    expect(asked).toHaveLength(3);
    await lookup.find(testMailbox('a@x.example'));
    expect(asked).toHaveLength(4);
    await clock.advance(5_000);
    await lookup.find(testMailbox('a@x.example'));
    expect(asked).toHaveLength(5);
  });

  it('shows no secret of its own', async () => {
    const { lookup } = await scene(says(204, ''), { headers: { authorization: 's3cret' } });
    expect(inspect(lookup, { depth: 10, showHidden: true }) + JSON.stringify(lookup)).not.toMatch(/s3cret|s=secret/);
  });

  it.each(['.', '..'])('is never asked for %s, which would lead elsewhere', async (key) => {
    const value = z.string();
    const options = lookupOptions(TEXTS, value).parse({ http: { url: 'http://127.0.0.1:1/a/{key}' } });
    const log: LogLine[] = [];
    const lookup = openLookup(options, {
      form: TEXTS,
      value,
      what: 't',
      clock: new FakeClock(),
      logger: recordingLogger(log),
    });
    await lookup.start?.();
    expect(await lookup.find(key)).toEqual({ kind: 'failed' });
    expect(log[0]?.fields['why']).toMatch(/can not stand/);
    await lookup.stop?.();
  });
});

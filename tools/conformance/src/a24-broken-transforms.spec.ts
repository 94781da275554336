/** Attack A24: transforms that throw, hang, or make rubbish of a message: it is deferred, and never delivered as rubbish. */
import type { Body, Transform } from '@mailverb/contract';
import { settle, type TestClient, type TestServer } from '@mailverb/testing';
import { everything } from './assembly.js';
import { FAILURES, HANGS, Switch, answers, inline, rubbish, type Fault } from './broken.js';
import { EVERY_VERB_AND_EXTENSION, OUR_RECIPIENTS, RECEIVED } from './plugins.js';

async function serverWith(...transforms: readonly Transform[]): Promise<TestServer> {
  const uses = transforms.map((transform, i) =>
    inline(`transform-broken-${i}`, (contribute) => contribute.transform(`broken-${i}`, transform)),
  );
  return everything({ plugins: [...EVERY_VERB_AND_EXTENSION, OUR_RECIPIENTS, RECEIVED, ...uses] });
}

/** Sends a message in three pieces; the reply to it. */
async function send(client: TestClient): Promise<number> {
  expect(await client.commands('MAIL FROM:<a@example.net>', 'RCPT TO:<user@example.org>', 'DATA')).toEqual([
    250, 250, 354,
  ]);
  for (const piece of ['Subject: x\r\n', '\r\nhello\r\n', '.\r\n']) {
    client.write(piece);
    await settle();
  }
  return (await client.reply()).code;
}

async function greeted(server: TestServer): Promise<TestClient> {
  const client = server.client();
  await client.reply();
  expect((await client.command('EHLO client.example.net')).code).toBe(250);
  return client;
}

async function expectDeferred(transform: Transform, broken: Switch): Promise<void> {
  const server = await serverWith(transform);
  const client = await greeted(server);
  expect(await send(client)).toBe(451);
  expect(server.messages).toEqual([]);
  broken.on = false;
  expect(await send(client)).toBe(250);
  expect(server.messages[0]?.text).toMatch(/^Received: [^]*\r\nSubject: x\r\n\r\nhello\r\n$/);
  expect(await send(await greeted(server))).toBe(250);
  await server.stop();
}

describe('A24: a transform whose prepend', () => {
  const values = answers({
    null: null,
    'a text': 'X: y\r\n',
    'a number': 5,
    'an empty object': {},
    'a list': [88, 58],
  });
  it.each([...FAILURES, ...values])('$name: the message is deferred', async ({ act }: Fault) => {
    const broken = new Switch();
    await expectDeferred({ prepend: () => broken.choose(act, () => undefined) }, broken);
  });

  it('hangs: the message is deferred in time', async () => {
    const broken = new Switch();
    const server = await serverWith({ prepend: () => broken.choose(HANGS.act, () => undefined) });
    const client = await greeted(server);
    const coming = send(client);
    await settle(20);
    await server.clock.advance(310_000);
    expect([421, 451]).toContain(await coming);
    expect(server.messages).toEqual([]);
    broken.on = false;
    expect(await send(await greeted(server))).toBe(250);
    await server.stop();
  });
});

/** A body that goes wrong somewhere. */
async function* wrong(body: Body, how: (chunk: Uint8Array, i: number) => unknown): AsyncGenerator<Uint8Array> {
  let i = 0;
  for await (const chunk of body) yield rubbish(how(chunk, i++));
}

function fail(): never {
  throw new Error('broken on purpose');
}

describe('A24: a transform whose apply', () => {
  const values = answers({ nothing: undefined, null: null, 'a number': 5, 'a text': 'hello', 'an empty object': {} });
  it.each([...FAILURES, ...values])('$name: the message is deferred', async ({ act }: Fault) => {
    const broken = new Switch();
    await expectDeferred({ apply: (body) => broken.choose(act, () => body) }, broken);
  });

  const generators: readonly [string, (body: Body) => AsyncIterable<Uint8Array>][] = [
    ['throws at the first piece', (body) => wrong(body, fail)],
    ['throws at the second piece', (body) => wrong(body, (chunk, i) => (i === 0 ? chunk : fail()))],
    ['gives a text', (body) => wrong(body, () => 'text')],
    ['gives nothing in between', (body) => wrong(body, (chunk, i) => (i === 0 ? undefined : chunk))],
    ['gives numbers', (body) => wrong(body, () => 5)],
    ['throws at the end', throwsAtEnd],
    ['ends before the message does', endsEarly],
  ];
  it.each(generators)('%s: the message is deferred', async (_name, generate) => {
    const broken = new Switch();
    await expectDeferred(
      {
        apply: (body) =>
          broken.choose(
            () => generate(body),
            () => body,
          ),
      },
      broken,
    );
  });

  it('hangs: nothing is delivered, and the client is told in time', async () => {
    const broken = new Switch();
    const hanging = (body: Body) => wrong(body, () => HANGS.act());
    const server = await serverWith({
      apply: (body) =>
        broken.choose<AsyncIterable<Uint8Array>>(
          () => hanging(body),
          () => body,
        ),
    });
    const client = await greeted(server);
    const coming = send(client);
    await settle(20);
    await server.clock.advance(310_000);
    expect([421, 451]).toContain(await coming);
    expect(server.messages).toEqual([]);
    broken.on = false;
    expect(await send(await greeted(server))).toBe(250);
    await server.stop();
  });
});

async function* throwsAtEnd(body: Body): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) yield chunk;
  fail();
}

async function* endsEarly(body: Body): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    yield chunk;
    return;
  }
}

/** A message that somebody must see whole before a decision: in memory, or in a file that nobody else can see and that goes away. */
import { pass, reject, type HeldMessage, type Policy } from '@mailverb/contract';
import { collect } from '@mailverb/body';
import { settle, type TestServer } from '@mailverb/testing';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { everything, withPolicies } from './assembly.js';
import { inline } from './broken.js';
import { OUR_RECIPIENTS } from './plugins.js';

/** Reads the whole message, twice at once, and refuses those that have the word. */
class Reader implements Policy {
  readonly wholeMessage = true;
  readonly read: Buffer[] = [];
  last: HeldMessage | undefined;

  async message({ message }: { message: HeldMessage | undefined }) {
    if (message === undefined) throw new Error('nothing is held');
    this.last = message;
    const [one, other] = await Promise.all([collect(message.open()), collect(message.open())]);
    expect(Buffer.from(one).equals(other)).toBe(true);
    expect(message.size).toBe(one.length);
    this.read.push(Buffer.from(one));
    return Buffer.from(one).includes('refuse me') ? reject() : pass();
  }
}

describe.each([
  ['in memory', 1_000_000],
  ['in a file', 100],
  ['in a file from the first byte', 0],
])('a message held %s', (_where, memory) => {
  const directory = mkdtempSync(join(tmpdir(), 'mailverb-held-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  let server: TestServer;
  let reader: Reader;
  beforeEach(async () => {
    reader = new Reader();
    const policy = inline('policy-reader', (contribute) => contribute.policy('reader', reader));
    server = await everything({ plugins: withPolicies(OUR_RECIPIENTS, policy), spool: { memory, directory } });
  });
  afterEach(async () => {
    await server.stop();
    expect(readdirSync(directory)).toEqual([]);
    expect(server.eventsOf('faultCaught')).toEqual([]);
  });

  async function send(text: string): Promise<number> {
    const client = server.client();
    await client.untilData('sender@example.net', 'user@example.org');
    for (let at = 0; at < text.length; at += 1000) client.write(text.slice(at, at + 1000));
    const { code } = await client.command('.');
    await client.close();
    return code;
  }

  it.each([0, 1, 99, 100, 101, 5_000, 300_000])(
    'of %i lines is read by the policy and delivered, byte for byte',
    async (lines) => {
      const text = `X: y\r\n\r\n${Array.from({ length: lines }, (_, i) => `line ${i}\r\n`).join('')}`;
      expect(await send(text)).toBe(250);
      expect(reader.read.map((bytes) => bytes.toString())).toEqual([text]);
      expect((await server.next()).text).toBe(text);
      await settle();
      expect(readdirSync(directory)).toEqual([]);
    },
  );

  it('and refused is not delivered', async () => {
    expect(await send(`${'x\r\n'.repeat(500)}refuse me\r\n`)).toBe(550);
    expect(server.messages).toEqual([]);
  });

  it('cannot be read once its transaction is over, or is still all there', async () => {
    const text = `X: y\r\n\r\n${'x\r\n'.repeat(500)}`;
    expect(await send(text)).toBe(250);
    await settle();
    const late = reader.last;
    if (late === undefined) throw new Error('the policy was not asked');
    const bytes = await Promise.resolve(collect(late.open())).catch(() => undefined);
    if (bytes !== undefined) expect(Buffer.from(bytes).toString()).toBe(text);
  });

  it('of a client that goes away is let go', async () => {
    const client = server.client();
    await client.untilData('sender@example.net', 'user@example.org');
    client.write('x\r\n'.repeat(500));
    await settle(10);
    client.reset();
    await settle(10);
    expect(server.server.sessions).toBe(0);
    expect(reader.read).toEqual([]);
    expect(server.messages).toEqual([]);
  });

  it('several at once do not get mixed up', async () => {
    const texts = Array.from({ length: 10 }, (_, i) => `X: ${i}\r\n\r\n${`${i} `.repeat(20)}\r\n`.repeat(20 + i));
    expect(new Set(await Promise.all(texts.map(send)))).toEqual(new Set([250]));
    expect(server.messages.map(({ text }) => text).toSorted()).toEqual(texts.toSorted());
  });
});

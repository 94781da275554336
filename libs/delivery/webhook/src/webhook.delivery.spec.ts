/** webhook: its options, what it says to whom, TLS, and what it costs. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createPlainServer } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { makeCertificate, type MadeCertificate } from '@mailverb/certificates';
import type { HeldMessage } from '@mailverb/contract';
import { bodyOf, bodyOfHeld } from '@mailverb/body';
import { contributionsOf, deliver } from '@mailverb/testing';
import { webhookPlugin } from './plugin.js';
import { WebhookDelivery } from './webhook.delivery.js';
import { Receiver, says, webhook, type Scene } from './webhook.fixture.js';
import { webhookOptions, type WebhookOptionsInput } from './webhook.options.js';

const message = Buffer.from('Subject: x\r\n\r\nhello\r\n');
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function started(options: WebhookOptionsInput): Promise<Scene> {
  const scene = webhook(options);
  await scene.strategy.start();
  ends.push(async () => scene.strategy.stop());
  return scene;
}

async function receiver(answer = says(200)): Promise<Receiver> {
  const one = await new Receiver(answer).start();
  ends.push(() => one.stop());
  return one;
}

const replyOf = async ({ strategy }: Scene): Promise<string> =>
  String((await deliver(strategy, ['ann@example.org'], message)).outcomes[0]?.reply);

describe('options', () => {
  const url = 'https://example.org/inbox';

  it('are these, and no others', () => {
    expect(webhookOptions.parse({ url })).toMatchObject({
      form: 'parsed',
      secrets: [],
      statuses: {},
      timeout: 120_000,
    });
    expect(webhookOptions.safeParse({ url, uri: url }).success).toBe(false);
  });

  it.each([
    { url: 'ftp://example.org/' },
    { url: 'https://ann:pw@example.org/' },
    { url: '/inbox' },
    { url, form: 'mailgun' },
    { url, form: 'json' },
    { url, secrets: 'short' },
    { url, password: 'x' },
    { url, user: 'a:b', password: 'x' },
    { url, user: 'ann', password: 'x', headers: { Authorization: 'Bearer x' } },
    { url, headers: { 'Content-Length': '1' } },
    { url, headers: { 'X-Mailverb-Signature': '1' } },
    { url, headers: { 'a b': '1' } },
    { url, headers: { a: '1\r\nb: 2' } },
    { url, statuses: { '404': 'maybe' } },
    { url, statuses: { '404': '550 4.1.1 no' } },
    { url, statuses: { nope: 'accept' } },
    { url, timeout: 0 },
    { url, answerTimeout: '0s' },
  ])('are not %j', (options) => expect(webhookOptions.safeParse(options).success).toBe(false));
});

it('says who it is', async () => {
  const one = await receiver();
  await replyOf(await started({ url: one.url, user: 'jörg', password: 'p:w', headers: { 'X-Tenant': '7' } }));
  const { headers } = one.only;
  expect(headers.authorization).toBe(`Basic ${Buffer.from('jörg:p:w').toString('base64')}`);
  expect(headers['x-tenant']).toBe('7');
});

it('shows none of its secrets (attack A23)', async () => {
  const one = await receiver(says(500));
  const secret = 'a secret of thirty-two characters';
  const scene = await started({
    url: one.url,
    form: 'mailgun',
    secrets: [secret],
    mailgunKey: `${secret}2`,
    headers: { authorization: secret },
  });
  const said = await replyOf(scene);
  for (const shown of [
    inspect(scene.strategy, { depth: 9 }),
    JSON.stringify(scene.strategy),
    JSON.stringify(scene.log),
    said,
  ]) {
    expect(shown).not.toContain(secret);
    expect(shown).not.toContain('t0ps3cret');
  }
});

describe('over TLS', () => {
  let folder: string;
  let certificate: MadeCertificate;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'webhook-'));
    certificate = await makeCertificate();
    await writeFile(join(folder, 'ca.pem'), certificate.cert);
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function secure(made: MadeCertificate): Promise<string> {
    const server = createServer({ cert: made.cert, key: made.key }, (request, response) => {
      request.resume().on('end', () => response.end());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ends.push(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    return `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  }

  it('believes whom it is told to', async () => {
    const scene = await started({ url: await secure(certificate), ca: join(folder, 'ca.pem') });
    expect(await replyOf(scene)).toMatch(/^250 /);
  });

  it('believes nobody else, and no other name', async () => {
    const unknown = await started({ url: await secure(certificate) });
    expect(await replyOf(unknown)).toMatch(/^451 4\.4\.1 /);
    expect(unknown.log).toMatchObject([{ fields: { why: 'DEPTH_ZERO_SELF_SIGNED_CERT' } }]);
    const other = await makeCertificate({ names: ['other.example.org'] });
    await writeFile(join(folder, 'other.pem'), other.cert);
    const misnamed = await started({ url: await secure(other), ca: join(folder, 'other.pem') });
    expect(await replyOf(misnamed)).toMatch(/^451 4\.4\.1 /);
    expect(misnamed.log).toMatchObject([{ fields: { why: 'ERR_TLS_CERT_ALTNAME_INVALID' } }]);
  });

  it('does not fall back to clear text', async () => {
    const one = await receiver();
    const scene = await started({ url: one.url.replace('http:', 'https:') });
    expect(await replyOf(scene)).toMatch(/^451 4\.4\.[12] /);
    expect(one.begun).toBe(0);
  });

  it('does not start without the file that it was told', async () => {
    const { strategy } = webhook({ url: 'https://example.org/', ca: join(folder, 'none.pem') });
    await expect(strategy.start()).rejects.toThrow('ENOENT');
  });
});

describe('memory', () => {
  const MIB = 2 ** 20;

  it.each(['raw', 'parsed', 'sendgrid'] as const)(
    'does not grow with an attachment of 25 MiB (%s)',
    async (form) => {
      const [held, size] = withAttachment(25 * MIB);
      const collect = garbageCollector();
      let octets = 0;
      const seen: number[] = [];
      const one = await counter((length) => {
        const before = octets;
        octets += length;
        // Looked at while it is under way, without what only waits for its collection.
        if (Math.floor(before / (4 * MIB)) === Math.floor(octets / (4 * MIB))) return;
        collect();
        seen.push(used());
      });
      const key = 'a key of sixteen characters';
      const scene = await started({ url: one, form, secrets: key });
      // What is loaded at the first use is not counted.
      await replyOf(scene);
      octets = 0;
      collect();
      const before = used();
      const { outcomes } = await deliver(scene.strategy, ['ann@example.org'], bodyOfHeld(held));
      expect(outcomes[0]?.reply.code).toBe(250);
      expect(octets).toBeGreaterThan(size);
      // What was freed is not always counted at once, so the least of those at the end: what is kept would be in each, and be 20 and more.
      const late = seen.slice(-3);
      expect(late).toHaveLength(3);
      expect((Math.min(...late) - before) / MIB).toBeLessThan(5);
    },
    60_000,
  );

  const used = (): number => process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed;

  /** A message that is made as it is read, so that its holding is not counted; and the size of its attachment. */
  function withAttachment(size: number): [HeldMessage, number] {
    const fields = ['Content-Type: application/pdf', 'Content-Transfer-Encoding: base64'].join('\r\n');
    const head = Buffer.from(
      `Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n--b\r\n${fields}\r\n\r\n`,
    );
    const tail = Buffer.from('--b--\r\n');
    const octets = randomBytes(57 * 1000);
    const lines = Buffer.from(octets.toString('base64').replaceAll(/.{76}/g, '$&\r\n'));
    const times = Math.ceil(size / octets.length);
    function* bytes(): Generator<Uint8Array> {
      yield head;
      for (let i = 0; i < times; i++) yield lines;
      yield tail;
    }
    const whole = head.length + times * lines.length + tail.length;
    return [{ size: whole, open: () => bodyOf(bytes()) }, times * octets.length];
  }

  /** A receiver that counts, and keeps nothing. Gives its URL. */
  async function counter(count: (octets: number) => void): Promise<string> {
    const server = createPlainServer((request, response) => {
      request.on('data', (chunk: Buffer) => count(chunk.length)).on('end', () => response.end());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ends.push(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  }

  function garbageCollector(): () => void {
    setFlagsFromString('--expose-gc');
    const collect: unknown = runInNewContext('gc');
    if (typeof collect !== 'function') throw new Error('there is no gc');
    return () => void collect();
  }
});

it('is contributed by its manifest, and by nothing else', () => {
  expect(contributionsOf(webhookPlugin)).toEqual([{ kind: 'delivery', name: 'webhook', value: WebhookDelivery }]);
});

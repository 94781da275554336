import { inspect } from 'node:util';
import { nkeys } from '@nats-io/transport-node';
import {
  FakeClock,
  contributionsOf,
  deliver,
  describeDelivery,
  openDelivery,
  recordingLogger,
  settle,
  turn,
  type LogLine,
} from '@mailverb/testing';
import { FakeNats } from './fake-nats.fixture.js';
import { NatsDelivery } from './nats.delivery.js';
import { natsOptions } from './nats.options.js';
import { natsPlugin } from './plugin.js';

const ANN = 'ann@example.org';
const BYTES = Buffer.from('Subject: x\r\n\r\n\0\xff\r\n', 'latin1');
const SEED = Buffer.from(nkeys.createUser().getSeed()).toString();

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

async function scene(options: object = {}, manners: FakeNats['manners'] = {}) {
  const server = await new FakeNats().listen();
  Object.assign(server.manners, manners);
  const log: LogLine[] = [];
  const clock = new FakeClock();
  const parsed = natsOptions.parse({ servers: [server.url], stream: 'MAIL', ...options });
  const strategy = new NatsDelivery(parsed, clock, recordingLogger(log));
  open.push(async () => {
    await strategy.stop();
    await server.stop();
  });
  return { server, log, clock, strategy };
}

/** The same, connected as far as the server lets it. */
async function started(...how: Parameters<typeof scene>) {
  const made = await scene(...how);
  await made.strategy.start();
  return made;
}

const said = ({ outcomes }: { outcomes: readonly { reply: unknown }[] }) => outcomes.map(({ reply }) => String(reply));
const refusal = ({ refused }: { refused: ReadonlyMap<string, unknown> }) => [...refused.values()].map(String);

async function until(what: () => boolean): Promise<void> {
  for (let turns = 0; !what(); turns++) {
    if (turns > 100_000) throw new Error('it did not happen');
    await turn();
  }
}

describeDelivery('nats', async () => {
  const { server, strategy } = await scene();
  return { strategy, stored: async () => server.kept.map(({ body }) => body) };
});

it('publishes the message with its envelope, for the stream that is expected', async () => {
  const { server, strategy, log } = await started({ subject: 'in.{domain}' });
  const sent = await deliver(strategy, [ANN, 'j\u00f6rg@example.org'], BYTES);
  expect(said(sent)).toEqual(Array(2).fill(`250 2.0.0 Ok: published as ${sent.envelope.id}`));
  const [one, ...more] = server.kept;
  expect(more).toEqual([]);
  expect(one?.subject).toBe('in.example_org');
  expect(one?.body.equals(BYTES)).toBe(true);
  expect(one?.headers.get('Nats-Expected-Stream')).toEqual(['MAIL']);
  expect(one?.headers.get('Nats-Msg-Id')?.[0]).toContain(sent.envelope.id);
  const envelope = JSON.parse(one?.headers.get('Mailverb-Envelope')?.[0] ?? '') as { to: object };
  expect(envelope.to).toEqual([{ address: ANN }, { address: 'j\u00f6rg@example.org' }]);
  expect(log.map(({ level }) => level)).toEqual(['info']);
});

it('has several headers of one name, in UTF-8, where the envelope is headers', async () => {
  const { server, strategy } = await started({ envelope: 'headers' });
  await deliver(strategy, [ANN, 'j\u00f6rg@example.org'], BYTES);
  expect(server.kept[0]?.headers.get('Mailverb-To')).toEqual([ANN, 'j\u00f6rg@example.org']);
});

it('takes the acknowledgement of a duplicate for what it is: the stream has the message', async () => {
  const { strategy } = await started({}, { answer: { stream: 'MAIL', seq: 1, duplicate: true } });
  expect(said(await deliver(strategy, [ANN], BYTES))[0]).toMatch(/^250/);
});

it.each<[string, 'nobody' | object, string]>([
  ['nobody listens to the subject', 'nobody', '451 4.4.4'],
  ['another stream does', { error: { code: 400, err_code: 10_060, description: 'expected another' } }, '451 4.4.4'],
  [
    'the message is too large for the stream',
    { error: { code: 400, err_code: 10_054, description: 'x' } },
    '552 5.3.4',
  ],
  ['the stream is full', { error: { code: 503, err_code: 10_077, description: 'maximum messages' } }, '451 4.4.2'],
  ['another stream has acknowledged', { stream: 'OTHER', seq: 1 }, '451 4.4.2'],
  ['the answer is none', {}, '451 4.4.2'],
])('where %s: no 250, and the log knows why', async (_what, answer, expected) => {
  const { strategy, log } = await started({}, { answer });
  expect(said(await deliver(strategy, [ANN], BYTES))[0]).toContain(expected);
  expect(log.map(({ level }) => level)).toEqual(['info', 'warn']);
  expect(log[1]?.fields['error']).toMatchObject({ cause: expect.any(Error) });
});

it('an acknowledgement that does not come: 451 in time', async () => {
  const { strategy, clock } = await started({ timeout: '30s' }, { answer: 'none' });
  const sending = deliver(strategy, [ANN], BYTES);
  await settle();
  await clock.advance(30_000);
  expect(said(await sending)[0]).toContain('451 4.4.2');
  expect(clock.pending).toBe(0);
});

it('a connection that is reset: what is not acknowledged is 451 at once, and then all is well again', async () => {
  const { server, strategy, clock, log } = await started({}, { answer: 'none' });
  const sending = Promise.all(Array.from({ length: 5 }, () => deliver(strategy, [ANN], BYTES)));
  await settle();
  server.reset();
  for (const sent of await sending) expect(said(sent)[0]).toContain('451 4.4.2');
  expect(refusal(await deliver(strategy, [ANN], BYTES))[0]).toContain('451 4.4.1');
  delete server.manners.answer;
  await clock.advance(200);
  await until(() => log.at(-1)?.message === 'nats: connected to the broker');
  expect(said(await deliver(strategy, [ANN], BYTES))[0]).toMatch(/^250/);
  expect(server.kept).toHaveLength(1);
});

it.each<[string, FakeNats['manners']]>([
  ['there is no stream', { stream: false }],
  ['the stream acknowledges nothing', { config: { no_ack: true } }],
  ['the stream is sealed', { config: { sealed: true } }],
  ['we may not log in', { login: { auth_token: 'other' } }],
])('where %s it starts, says so in the log, and defers each recipient', async (_what, manners) => {
  const { strategy, log, server } = await started({ token: 'sesame' }, manners);
  expect(log.map(({ level, message }) => [level, message])).toEqual([['warn', 'nats: no connection to the broker']]);
  expect(refusal(await deliver(strategy, [ANN], BYTES))[0]).toContain('451 4.4.1');
  expect(server.kept).toEqual([]);
  expect(inspect(log, { depth: 10 })).not.toContain('sesame');
  await until(() => server.sockets.size === 0);
});

it('leaves no socket at a server that accepts and says nothing', async () => {
  const { server, strategy, log } = await started({ connectTimeout: '100ms' }, { silent: true });
  expect(log.map(({ level }) => level)).toEqual(['warn']);
  await until(() => server.sockets.size === 0);
  await strategy.stop();
});

it('warns where the stream keeps messages in memory', async () => {
  const { log } = await started({}, { config: { storage: 'memory' } });
  expect(log.map(({ level }) => level)).toEqual(['warn', 'info']);
});

it.each([
  ['the server', { maxPayload: 3000 }],
  ['the stream', { config: { max_msg_size: 3000 } }],
])('takes no message that is larger than %s takes, headers included', async (_who, manners) => {
  const { strategy, server } = await started({}, manners);
  const early = await deliver(strategy, [ANN], BYTES, { envelope: { parameters: { SIZE: 3001 } } });
  expect(refusal(early)[0]).toContain('552 5.3.4');
  await expect(deliver(strategy, [ANN], Buffer.alloc(3001))).rejects.toMatchObject({ reply: { code: 552 } });
  expect(said(await deliver(strategy, [ANN], Buffer.alloc(2900)))[0]).toContain('552 5.3.4');
  expect(said(await deliver(strategy, [ANN], Buffer.alloc(1500)))[0]).toMatch(/^250/);
  expect(server.kept).toHaveLength(1);
});

it('uses the next server where the first is down', async () => {
  const gone = await new FakeNats().listen();
  const { url } = gone;
  await gone.stop();
  const other = await new FakeNats().listen();
  other.manners.stream = true;
  const { strategy } = await started({ servers: [url, other.url] });
  open.push(() => other.stop());
  expect(said(await deliver(strategy, [ANN], BYTES))[0]).toMatch(/^250/);
  expect(other.kept).toHaveLength(1);
});

it.each<[string, object, object]>([
  ['a token', { token: 'sesame' }, { auth_token: 'sesame' }],
  ['a name and a password', { user: 'ann', password: 'sesame' }, { user: 'ann', pass: 'sesame' }],
])('logs in with %s', async (_how, options, login) => {
  const { strategy, log } = await started(options, { login });
  expect(said(await deliver(strategy, [ANN], BYTES))[0]).toMatch(/^250/);
  expect(log.map(({ level }) => level)).toEqual(['info']);
});

it('logs in with an nkey, and shows no secret when it is dumped (attack A23)', async () => {
  const { strategy, server } = await started({ nkeySecret: SEED });
  expect(server.client['nkey']).toMatch(/^U/);
  const { transaction } = await openDelivery(strategy, [ANN]);
  for (const one of [strategy, transaction]) {
    expect(inspect(one, { depth: 20, showHidden: true })).not.toContain(SEED);
    expect(inspect(one, { depth: 20, showHidden: true })).not.toContain(String([...Buffer.from(SEED)].slice(0, 9)));
  }
  await transaction.abort('test');
});

it('does not log in without TLS where the configuration wants it (attack A5)', async () => {
  const { strategy, server, log } = await started({ tls: {}, token: 'sesame' });
  expect(server.client).toEqual({});
  expect(log.map(({ level }) => level)).toEqual(['warn']);
  expect(refusal(await deliver(strategy, [ANN], BYTES))[0]).toContain('451 4.4.1');
});

it.each<[string, object]>([
  ['no stream', { stream: undefined }],
  ['a stream that is none', { stream: 'a.b' }],
  ['a subject with an empty word', { subject: 'mail..{domain}' }],
  ['a subject that is empty', { subject: '' }],
  ['a subject with a wildcard', { subject: 'mail.>' }],
  ['two ways to log in', { token: 'x', nkeySecret: SEED }],
  ['a user without a password', { user: 'x' }],
  ['a password in the address', { servers: ['nats://ann:pw@127.0.0.1'] }],
  ['a certificate without its key', { tls: { cert: 'x' } }],
  ['an option that is unknown', { path: 'x' }],
])('refuses %s', (_what, options) => {
  expect(natsOptions.safeParse({ stream: 'MAIL', ...options }).success).toBe(false);
});

it('is contributed by its manifest, and by nothing else', () => {
  expect(contributionsOf(natsPlugin)).toEqual([{ kind: 'delivery', name: 'nats', value: NatsDelivery }]);
});

import { inspect } from 'node:util';
import {
  FakeClock,
  contributionsOf,
  deliver,
  describeDelivery,
  openDelivery,
  recordingLogger,
  settle,
  type LogLine,
} from '@mailverb/testing';
import { bodyOf } from '@mailverb/body';
import { AmqpDelivery } from './amqp.delivery.js';
import { amqpOptions } from './amqp.options.js';
import { FakeAmqp } from './fake-amqp.fixture.js';
import { amqpPlugin } from './plugin.js';

let mockBroker = new FakeAmqp();
jest.mock('amqplib', () => ({ connect: (...args: Parameters<FakeAmqp['connect']>) => mockBroker.connect(...args) }));

const ANN = 'ann@example.org';
const BYTES = Buffer.from('Subject: x\r\n\r\n\0\xff\r\n', 'latin1');

beforeEach(() => {
  mockBroker = new FakeAmqp();
});

function scene(options: object = {}) {
  const log: LogLine[] = [];
  const clock = new FakeClock();
  const strategy = new AmqpDelivery(amqpOptions.parse(options), clock, recordingLogger(log));
  return { broker: mockBroker, log, clock, strategy };
}

async function started(...how: Parameters<typeof scene>) {
  const made = scene(...how);
  await made.strategy.start();
  return made;
}

const said = ({ outcomes }: { outcomes: readonly { reply: unknown }[] }) => outcomes.map(({ reply }) => String(reply));
const refusal = ({ refused }: { refused: ReadonlyMap<string, unknown> }) => [...refused.values()].map(String);
const levels = (log: readonly LogLine[]) => log.map(({ level }) => level);

describeDelivery('amqp', () => {
  const { strategy, broker } = scene();
  return { strategy, stored: async () => broker.kept.map(({ body }) => body) };
});

it('publishes persistent messages that must be routed, with their envelope', async () => {
  const { strategy, broker, log, clock } = await started({ exchange: 'mail', routingKey: 'in.{domain}' });
  const sent = await deliver(strategy, [ANN, 'j\u00f6rg@example.org'], BYTES);
  expect(said(sent)).toEqual(Array(2).fill(`250 2.0.0 Ok: published as ${sent.envelope.id}`));
  const [one, ...more] = broker.kept;
  expect(more).toEqual([]);
  expect(one).toMatchObject({ exchange: 'mail', routingKey: 'in.example_org' });
  expect(one?.body.equals(BYTES)).toBe(true);
  expect(one?.options).toEqual({
    mandatory: true,
    persistent: true,
    messageId: expect.stringContaining(sent.envelope.id),
    contentType: 'message/rfc822',
    appId: 'mailverb',
    timestamp: Math.floor(clock.now() / 1000),
    headers: {
      'Mailverb-Version': '1',
      'Mailverb-Id': sent.envelope.id,
      'Mailverb-Envelope': expect.stringContaining('"j\\u00f6rg@example.org"'),
    },
  });
  expect(levels(log)).toEqual(['info']);
  await strategy.stop();
  expect([broker.models.size, clock.pending]).toEqual([0, 0]);
});

it('has lists in headers where the envelope is headers', async () => {
  const { strategy, broker } = await started({ envelope: 'headers' });
  await deliver(strategy, [ANN, 'bob@example.org'], BYTES);
  expect(broker.kept[0]?.options['headers']).toMatchObject({ 'Mailverb-To': [ANN, 'bob@example.org'] });
});

it.each([
  ['nack', '451 4.4.2', 'message nacked'],
  ['return', '451 4.4.4', undefined],
  ['throw', '451 4.4.2', 'channel closed'],
  ['channel-error', '451 4.4.2', '406 PRECONDITION_FAILED'],
] as const)('%s: %s, and the log knows why', async (answer, expected, cause) => {
  const { strategy, broker, log, clock } = await started();
  broker.answer = answer;
  expect(said(await deliver(strategy, [ANN], BYTES))[0]).toContain(expected);
  const error = log.find(({ message }) => message === 'amqp: a message could not be published')?.fields['error'];
  expect(error).toMatchObject(
    cause === undefined ? { message: expect.stringContaining('NO_ROUTE') } : { cause: { message: cause } },
  );
  expect(broker.kept).toEqual([]);
  await strategy.stop();
  expect([broker.models.size, clock.pending]).toEqual([0, 0]);
});

it('a message that is returned does not make others fail', async () => {
  const { strategy, broker } = await started({ routingKey: '{domain}' });
  broker.unroutable.add('nowhere_example');
  const sent = await deliver(strategy, [ANN, 'bob@nowhere.example', 'eve@example.net'], BYTES);
  expect(sent.outcomes.map((o) => o.reply.code)).toEqual([250, 451, 250]);
  expect(broker.kept.map(({ routingKey }) => routingKey)).toEqual(['example_org', 'example_net']);
});

it('a connection that breaks: all that is not confirmed is 451 at once, and it is made anew', async () => {
  const { strategy, broker, clock, log } = await started();
  broker.answer = 'none';
  const sending = Promise.all(Array.from({ length: 5 }, () => deliver(strategy, [ANN], BYTES)));
  await settle();
  broker.model.lose(new Error('ECONNRESET'));
  for (const sent of await sending) expect(said(sent)[0]).toContain('451 4.4.2');
  await settle();
  expect(refusal(await deliver(strategy, [ANN], BYTES))[0]).toContain('451 4.4.1');
  expect(log.find(({ message }) => message.includes('was lost'))?.fields['error']).toEqual(new Error('ECONNRESET'));
  broker.answer = 'confirm';
  await clock.advance(200);
  expect(said(await deliver(strategy, [ANN], BYTES))[0]).toMatch(/^250/);
  expect([broker.kept.length, broker.models.size]).toEqual([1, 1]);
});

it('a channel that the broker closes: the connection is made anew', async () => {
  const { strategy, broker, clock } = await started();
  broker.answer = 'channel-error';
  await deliver(strategy, [ANN], BYTES);
  await settle();
  expect(broker.models.size).toBe(0);
  broker.answer = 'confirm';
  await clock.advance(200);
  expect(said(await deliver(strategy, [ANN], BYTES))[0]).toMatch(/^250/);
});

it('a confirm that does not come: 451 in time', async () => {
  const { strategy, broker, clock } = await started({ timeout: '30s' });
  broker.answer = 'none';
  const sending = deliver(strategy, [ANN], BYTES);
  await settle();
  await clock.advance(30_000);
  expect(said(await sending)[0]).toContain('451 4.4.2');
  await strategy.stop();
  expect(clock.pending).toBe(0);
});

it('a broker that blocks: deferred until it does not, and nothing is written to it', async () => {
  const { strategy, broker, log } = await started();
  const { transaction } = await openDelivery(strategy, [ANN]);
  broker.model.emit('blocked', 'low on disk');
  expect(refusal(await deliver(strategy, [ANN], BYTES))[0]).toContain('451 4.4.1');
  await transaction.body(bodyOf([BYTES]));
  expect(said({ outcomes: await transaction.commit() })[0]).toContain('451 4.4.1');
  expect(broker.kept).toEqual([]);
  expect(log.map(({ level, message }) => [level, message])).toContainEqual([
    'warn',
    'amqp: the broker takes nothing for now',
  ]);
  broker.model.emit('unblocked');
  expect(said(await deliver(strategy, [ANN], BYTES))[0]).toMatch(/^250/);
});

it('starts where the exchange is missing, says so, defers, and works when it is there', async () => {
  const { strategy, broker, log, clock } = await started({ exchange: 'other' });
  expect(levels(log)).toEqual(['warn']);
  expect(log[0]?.fields['error']).toMatchObject({ message: expect.stringContaining('NOT_FOUND') });
  expect(refusal(await deliver(strategy, [ANN], BYTES))[0]).toContain('451 4.4.1');
  expect(broker.models.size).toBe(0);
  broker.exchanges.add('other');
  await clock.advance(200);
  expect(said(await deliver(strategy, [ANN], BYTES))[0]).toMatch(/^250/);
});

it('declares a durable queue where it is told so, and nothing otherwise', async () => {
  const { broker } = await started({
    exchange: 'mail',
    declare: { queue: 'inbound', type: 'classic', bindingKey: 'in.*' },
  });
  expect(broker.declared).toEqual([
    ['queue', 'inbound', { durable: true, arguments: { 'x-queue-type': 'classic' } }],
    ['bind', 'inbound', 'mail', 'in.*'],
  ]);
  broker.declared.length = 0;
  await started({ declare: { queue: 'inbound' } });
  expect(broker.declared).toHaveLength(1);
  broker.declared.length = 0;
  await started({ exchange: 'mail' });
  expect(broker.declared).toEqual([]);
});

it('takes its socket away from a broker that says nothing: when it connects, and when it ends', async () => {
  mockBroker.silent = true;
  const { strategy, broker, clock } = scene({ connectTimeout: '5s', reconnectAfter: '1s' });
  const starting = strategy.start();
  await settle();
  await clock.advance(5000);
  await starting;
  expect(broker.asked[0]?.how.signal?.aborted).toBe(true);
  broker.silent = false;
  await clock.advance(1000);
  expect(broker.models.size).toBe(1);
  broker.silent = true;
  const stopping = strategy.stop();
  await clock.advance(2000);
  await stopping;
  expect([broker.models.size, clock.pending]).toEqual([0, 0]);
});

it('tries its servers in turn, and says who it is', async () => {
  mockBroker.refuse = new Error('ECONNREFUSED');
  const { strategy, broker, clock } = await started({
    servers: ['amqp://[::1]', 'amqps://mq.example.org:5679/v%2Fh'],
    user: 'ann',
    password: 'sesame',
    heartbeat: '7s',
  });
  await clock.advance(600);
  await strategy.stop();
  const login = { username: 'ann', password: 'sesame', heartbeat: 7 };
  expect(broker.asked.map(({ where }) => where)).toEqual([
    { ...login, protocol: 'amqp', hostname: '::1', port: undefined, vhost: '' },
    { ...login, protocol: 'amqps', hostname: 'mq.example.org', port: 5679, vhost: 'v%2Fh' },
    { ...login, protocol: 'amqp', hostname: '::1', port: undefined, vhost: '' },
  ]);
});

it('shows no secret when it is dumped, or in the log (attack A23)', async () => {
  const { strategy, log, broker } = await started({ user: 'ann', password: 'sesame' });
  const { transaction } = await openDelivery(strategy, [ANN]);
  broker.answer = 'nack';
  await deliver(strategy, [ANN], BYTES);
  for (const one of [strategy, transaction, log]) {
    expect(inspect(one, { depth: 20, showHidden: true })).not.toContain('sesame');
    expect(JSON.stringify(one)).not.toContain('sesame');
  }
});

it.each<[string, object]>([
  ['a password in the address', { servers: ['amqp://ann:pw@127.0.0.1'] }],
  ['parameters in the address', { servers: ['amqp://127.0.0.1?heartbeat=0'] }],
  ['another protocol', { servers: ['http://127.0.0.1'] }],
  ['a user without a password', { user: 'x' }],
  ['TLS options without TLS', { tls: { ca: 'x' } }],
  ['a certificate without its key', { servers: ['amqps://127.0.0.1'], tls: { cert: 'x' } }],
  ['a routing key that is no template', { routingKey: '{nobody}' }],
  ['no heartbeat', { heartbeat: 0 }],
  ['an option that is unknown', { path: 'x' }],
])('refuses %s', (_what, options) => {
  expect(amqpOptions.safeParse(options).success).toBe(false);
});

it('is contributed by its manifest, and by nothing else', () => {
  expect(contributionsOf(amqpPlugin)).toEqual([{ kind: 'delivery', name: 'amqp', value: AmqpDelivery }]);
});

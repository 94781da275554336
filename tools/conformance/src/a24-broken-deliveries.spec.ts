/** Attack A24: deliveries that throw, hang, or answer rubbish at any step: 4xx, nothing is promised, and the session goes on. */
import {
  delivered,
  outcomes,
  type Body,
  type DeliveryContext,
  type DeliveryStrategy,
  type DeliveryTransaction,
  type Envelope,
  type Outcome,
} from '@mailverb/contract';
import { Reply, reply } from '@mailverb/protocol';
import { settle, type TestClient, type TestServer } from '@mailverb/testing';
import { everything } from './assembly.js';
import { FAILURES, HANGS, Switch, answers, inline, rubbish, type Fault } from './broken.js';

type Step = 'begin' | keyof DeliveryTransaction;

/** A delivery of which one step is broken while the switch is on; it remembers what became of each transaction. */
class Breakable implements DeliveryStrategy {
  readonly durability = 'none';
  readonly broken = new Switch();
  readonly committed: string[] = [];
  readonly aborted: string[] = [];
  readonly signals: AbortSignal[] = [];

  constructor(
    private readonly step: Step,
    private readonly fault: (body?: Body) => never,
  ) {}

  begin(envelope: Envelope, _session: unknown, { signal }: DeliveryContext): DeliveryTransaction {
    this.signals.push(signal);
    return this.maybe('begin', () => ({
      recipient: () => this.maybe('recipient', () => undefined),
      body: (body) => this.maybe('body', () => readAll(body), body),
      commit: () =>
        this.maybe('commit', () => {
          this.committed.push(envelope.id);
          return outcomes(envelope.recipients, delivered('kept'));
        }),
      abort: () => {
        this.aborted.push(envelope.id);
        return this.maybe('abort', () => undefined);
      },
    }));
  }

  private maybe<T>(step: Step, sound: () => T, body?: Body): T {
    return step === this.step ? this.broken.choose(() => this.fault(body), sound) : sound();
  }
}

async function readAll(body: Body): Promise<void> {
  for await (const _ of body);
}

const MESSAGE = 'Subject: x\r\n\r\nhello\r\n.\r\n';

async function serverWith(delivery: DeliveryStrategy): Promise<TestServer> {
  return everything({ delivery: inline('delivery-broken', (contribute) => contribute.delivery('broken', delivery)) });
}

async function greeted(server: TestServer): Promise<TestClient> {
  const client = server.client();
  await client.reply();
  expect(await client.commands('EHLO client.example.net', 'MAIL FROM:<sender@example.net>')).toEqual([250, 250]);
  return client;
}

/** Sends a message to two recipients by DATA; the reply to it. */
async function send(client: TestClient): Promise<number> {
  expect(await client.commands('RCPT TO:<a@example.org>', 'RCPT TO:<b@example.org>', 'DATA')).toEqual([250, 250, 354]);
  client.write(MESSAGE);
  return (await client.reply()).code;
}

/** The same session, repaired, delivers; and so does another. */
async function expectLife(server: TestServer, client: TestClient, delivery: Breakable): Promise<void> {
  delivery.broken.on = false;
  const before = delivery.committed.length;
  expect(await client.commands('NOOP', 'RSET', 'MAIL FROM:<sender@example.net>')).toEqual([250, 250, 250]);
  expect(await send(client)).toBe(250);
  const other = await greeted(server);
  expect(await send(other)).toBe(250);
  expect(delivery.committed).toHaveLength(before + 2);
  expect(server.eventsOf('faultCaught').length).toBeGreaterThan(0);
  await server.stop();
}

const RUBBISH_REPLIES = {
  true: true,
  'a text': '250 ok',
  'a number': 250,
  'an empty object': {},
  'what looks like a reply': { code: 250, lines: [] },
};

describe('A24: a delivery whose begin', () => {
  const rubbishTransactions = answers({ nothing: undefined, null: null, 'a text': 'x', 'an empty object': {} });
  it.each([...FAILURES, ...rubbishTransactions])('$name: the recipient is deferred', async ({ act }: Fault) => {
    const delivery = new Breakable('begin', act);
    const server = await serverWith(delivery);
    const client = await greeted(server);
    expect(await client.commands('RCPT TO:<a@example.org>', 'DATA')).toEqual([451, 503]);
    await expectLife(server, client, delivery);
  });
});

describe('A24: a delivery whose recipient', () => {
  it.each([...FAILURES, ...answers({ null: null, ...RUBBISH_REPLIES })])(
    '$name: that recipient is deferred',
    async ({ act }: Fault) => {
      const delivery = new Breakable('recipient', act);
      const server = await serverWith(delivery);
      const client = await greeted(server);
      expect(await client.commands('RCPT TO:<a@example.org>')).toEqual([451]);
      delivery.broken.on = false;
      expect(await client.commands('RCPT TO:<b@example.org>', 'DATA', '.')).toEqual([250, 354, 250]);
      await expectLife(server, client, delivery);
    },
  );
});

describe('A24: a delivery whose body', () => {
  const unread: readonly Fault[] = [
    { name: 'returns without reading', act: () => rubbish(undefined) },
    { name: 'returns later without reading', act: () => rubbish(Promise.resolve()) },
  ];
  it.each([...FAILURES, ...unread])('$name: the message is deferred and aborted', async ({ act }: Fault) => {
    const delivery = new Breakable('body', act);
    const server = await serverWith(delivery);
    const client = await greeted(server);
    expect(await send(client)).toBe(451);
    expect(delivery.committed).toEqual([]);
    expect(delivery.aborted).toHaveLength(1);
    await expectLife(server, client, delivery);
  });

  it.each([
    ['gives up after a piece', async (body: Body) => void (await body.read())],
    ['throws after a piece', async (body: Body) => fail(await body.read())],
    ['throws at the end', async (body: Body) => fail(await readAll(body))],
    ['leaves its loop', leave],
  ])('%s: the message is deferred and aborted', async (_name, act) => {
    const delivery = new Breakable('body', (body) => rubbish(body === undefined ? undefined : act(body)));
    const server = await serverWith(delivery);
    const client = await greeted(server);
    expect(await client.commands('RCPT TO:<a@example.org>', 'DATA')).toEqual([250, 354]);
    client.write('Subject: x\r\n');
    await settle();
    client.write('\r\nhello\r\n');
    await settle();
    expect(await client.command('.')).toMatchObject({ code: 451 });
    expect(delivery.committed).toEqual([]);
    expect(delivery.aborted).toHaveLength(1);
    await expectLife(server, client, delivery);
  });
});

describe('A24: a delivery whose commit', () => {
  const taken = (answer: unknown): Outcome => rubbish({ recipient: undefined, reply: answer });
  const rubbishOutcomes = answers({
    nothing: undefined,
    null: null,
    'a text': 'delivered',
    'an empty list': [],
    'one outcome too few': [taken(delivered('x'))],
    'one outcome too many': [taken(delivered('x')), taken(delivered('x')), taken(delivered('x'))],
    'a list of nothing': [undefined, null],
    'outcomes without replies': [taken(undefined), taken(null)],
    'outcomes with rubbish for replies': [taken('250 ok'), taken({ code: 250 })],
    'outcomes of 354': [taken(reply(354, undefined, 'go on')), taken(reply(354, undefined, 'go on'))],
    'outcomes with a code that is none': [
      taken(new Reply(Number.NaN, undefined, ['x'])),
      taken(new Reply(Number.NaN, undefined, ['x'])),
    ],
  });
  it.each([...FAILURES, ...rubbishOutcomes])('$name: the message is deferred', async ({ act }: Fault) => {
    const delivery = new Breakable('commit', act);
    const server = await serverWith(delivery);
    const client = await greeted(server);
    expect(await send(client)).toBe(451);
    await expectLife(server, client, delivery);
  });
});

describe('A24: a delivery whose abort', () => {
  it.each([...FAILURES, HANGS])('$name: nobody notices', async ({ act }: Fault) => {
    const delivery = new Breakable('abort', act);
    const server = await serverWith(delivery);
    const client = await greeted(server);
    expect(await client.commands('RCPT TO:<a@example.org>', 'RSET', 'NOOP')).toEqual([250, 250, 250]);
    expect(delivery.aborted).toHaveLength(1);
    const other = await greeted(server);
    expect(await send(other)).toBe(250);
    await server.stop();
  });
});

describe('A24: a delivery that hangs', () => {
  it.each(['begin', 'recipient'] as const)('at %s: the recipient is deferred in time', async (step) => {
    const delivery = new Breakable(step, HANGS.act);
    const server = await serverWith(delivery);
    const client = await greeted(server);
    const coming = client.command('RCPT TO:<a@example.org>');
    await settle();
    await server.clock.advance(300_000);
    expect(await coming).toMatchObject({ code: 451 });
    expect(delivery.signals.map(({ aborted }) => aborted)).toEqual([true]);
    await expectLife(server, client, delivery);
  });

  it('at commit: the message is deferred in time', async () => {
    const delivery = new Breakable('commit', HANGS.act);
    const server = await serverWith(delivery);
    const client = await greeted(server);
    const coming = send(client);
    await settle(20);
    await server.clock.advance(300_000);
    expect(await coming).toBe(451);
    expect(delivery.aborted).toHaveLength(1);
    await expectLife(server, client, delivery);
  });

  it.each([
    ['without reading', HANGS.act],
    [
      'after reading everything',
      (body?: Body) => rubbish<never>(body === undefined ? undefined : readAll(body).then(HANGS.act)),
    ],
  ])('at body, %s: the client is told in time, and nothing is delivered', async (_how, act) => {
    const delivery = new Breakable('body', act);
    const server = await serverWith(delivery);
    const client = await greeted(server);
    const coming = send(client);
    await settle(20);
    await server.clock.advance(310_000);
    expect([421, 451]).toContain(await coming);
    expect(delivery.committed).toEqual([]);
    expect(delivery.aborted).toHaveLength(1);
    delivery.broken.on = false;
    expect(await send(await greeted(server))).toBe(250);
    await server.stop();
  });

  it('and comes back after its time is not believed', async () => {
    let comeBack: (() => void) | undefined;
    const late = () => rubbish<never>(new Promise((resolve) => (comeBack = () => resolve([]))));
    const delivery = new Breakable('commit', late);
    const server = await serverWith(delivery);
    const client = await greeted(server);
    const coming = send(client);
    await settle(20);
    await server.clock.advance(300_000);
    expect(await coming).toBe(451);
    comeBack?.();
    await settle();
    client.stream.end();
    expect(await client.ended()).toEqual([]);
    await server.stop();
  });

  it.each(['begin', 'recipient', 'body', 'commit'] as const)(
    'at %s does not keep the server from stopping',
    async (step) => {
      const delivery = new Breakable(step, HANGS.act);
      const server = await serverWith(delivery);
      const client = await greeted(server);
      client.write(`RCPT TO:<a@example.org>\r\nDATA\r\n`);
      await settle();
      client.write(MESSAGE);
      await settle(20);
      await server.stop();
      expect(server.server.sessions).toBe(0);
      expect(delivery.committed).toEqual([]);
    },
  );
});

function fail(what: unknown): never {
  throw new Error('broken on purpose', { cause: what });
}

async function leave(body: Body): Promise<void> {
  for await (const _ of body) break;
}

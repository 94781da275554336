/** The policy delay: the contract, who waits and how long, and that waiting is bounded. */
import { join } from 'node:path';
import {
  accept,
  definePlugin,
  isPromise,
  reject,
  use,
  type Clock,
  type MaybePromise,
  type PluginUse,
  type Session,
  type Verdict,
} from '@mailverb/contract';
import {
  FakeClock,
  acceptEverybody,
  contributionsOf,
  describeConversations,
  describePolicy,
  listenerSettings,
  plainVerbs,
  settle,
  testContext,
  testEnvelope,
  testMailbox,
  testRecipient,
  testServer,
  testSession,
} from '@mailverb/testing';
import type { z } from 'zod';
import { delayOptions } from './delay.options.js';
import { DelayPolicy } from './delay.policy.js';
import { delayPlugin } from './plugin.js';

type Written = z.input<typeof delayOptions>;

const make = (options: Written, clock: Clock = new FakeClock()): DelayPolicy =>
  new DelayPolicy(delayOptions.parse(options), clock);

/** A clock on which nobody waits. */
const IN_NO_TIME: Clock = {
  now: () => 0,
  after: (_ms, callback) => {
    queueMicrotask(callback);
    return { cancel: () => undefined };
  },
};

const ALL: Written = {
  at: { connect: '1s', helo: '1s', auth: '1s', mail: '1s', rcpt: '1s', data: '1s' },
  recipients: { after: 1, delay: '1s' },
  failures: { after: 1, delay: '1s' },
};

describePolicy('delay', () => make(ALL, IN_NO_TIME), { stages: ['connect', 'helo', 'auth', 'mail', 'rcpt', 'data'] });

describeConversations(join(__dirname, '../conversations'), (conversation, transport) => {
  const { listener, others } = listenerSettings(conversation);
  const settings = new Map(others);
  const policies = settings.get('policies');
  settings.delete('policies');
  for (const name of settings.keys()) throw new Error(`unknown setting ${name}`);
  const plugins = [plainVerbs(), ...(Array.isArray(policies) ? policies.map(described) : [])];
  return testServer({ plugins, transport, ...listener });
});

/** A policy as a conversation has it; of others there is only one here. */
function described(description: object & { readonly use: string }): PluginUse {
  const { use: name, ...options } = description;
  return name === 'delay' ? { ...use(delayPlugin), options } : acceptEverybody();
}

/** For how long a session waits for this answer, on a clock of its own; 0 if it gets it at once. */
async function waitOf(clock: FakeClock, verdict: MaybePromise<Verdict> | undefined): Promise<number> {
  if (verdict === undefined) throw new Error('it has no say here');
  if (!isPromise(verdict)) {
    expect(verdict.kind).toBe('pass');
    return 0;
  }
  const start = clock.now();
  let end: number | undefined;
  void verdict.then(({ kind }) => {
    expect(kind).toBe('pass');
    end = clock.now();
  });
  for (let i = 0; i < 2000 && end === undefined; i++) await clock.advance(100);
  return (end ?? Number.NaN) - start;
}

/** A session, with whoever asks in its name. */
class Client {
  constructor(
    readonly policy: DelayPolicy,
    readonly clock: FakeClock,
    readonly session: Session = testSession(),
  ) {}

  connect = () => waitOf(this.clock, this.policy.connect?.({ session: this.session }, testContext()));
  helo = () =>
    waitOf(this.clock, this.policy.helo?.({ session: this.session, name: 'c', verb: 'EHLO' }, testContext()));
  auth = (session = this.session) =>
    waitOf(this.clock, this.policy.auth?.({ session, mechanism: 'PLAIN', identity: 'ann' }, testContext()));
  mail = (session = this.session) =>
    waitOf(this.clock, this.policy.mail?.({ session, reversePath: null, parameters: {} }, testContext()));
  rcpt = (taken = 0, session = this.session) =>
    waitOf(
      this.clock,
      this.policy.rcpt?.(
        { session, envelope: envelopeOf(taken), mailbox: testMailbox('a@b.example'), parameters: {} },
        testContext(),
      ),
    );
  data = (taken = 1) =>
    waitOf(this.clock, this.policy.data?.({ session: this.session, envelope: envelopeOf(taken) }, testContext()));
}

const envelopeOf = (taken: number) =>
  testEnvelope({ recipients: Array.from({ length: taken }, (_, i) => testRecipient(`u${i}@example.org`)) });

function client(options: Written): Client {
  const clock = new FakeClock();
  return new Client(make(options, clock), clock);
}

describe('delay makes wait', () => {
  it('by stage, and has a say at no other', async () => {
    const one = client({ at: { connect: '1s', helo: '2s', auth: '3s', mail: '4s', rcpt: '5s', data: '6s' } });
    expect(await one.connect()).toBe(1000);
    expect(await one.helo()).toBe(2000);
    expect(await one.auth()).toBe(3000);
    expect(await one.mail()).toBe(4000);
    expect(await one.rcpt()).toBe(5000);
    expect(await one.data()).toBe(6000);
    const few = make({ at: { helo: '1s' } });
    expect(Object.keys(few)).toEqual(['helo']);
  });

  it('for the recipients beyond some, each longer than the one before', async () => {
    const one = client({ recipients: { after: 2, delay: '1s', factor: 3 } });
    const waits = [];
    for (let taken = 0; taken < 6; taken++) waits.push(await one.rcpt(taken));
    expect(waits).toEqual([0, 0, 1000, 3000, 9000, 10_000]);
    expect(await one.rcpt(0)).toBe(0);
  });

  it('for failures, those of AUTH until somebody proves who it is', async () => {
    const one = client({ failures: { after: 2, delay: '1s' } });
    const waits = [];
    for (let i = 0; i < 5; i++) waits.push(await one.auth());
    expect(waits).toEqual([0, 0, 0, 1000, 2000]);
    expect(await one.mail()).toBe(4000);
    const known: Session = { ...one.session, identity: { name: 'ann', mechanism: 'PLAIN' } };
    expect(await one.mail(known)).toBe(0);
    expect(await one.rcpt(0, known)).toBe(0);
  });

  it('for recipients that nobody took, and not for those that were', async () => {
    const one = client({ failures: { after: 0, delay: '1s', factor: 1 } });
    expect([await one.rcpt(0), await one.rcpt(1), await one.rcpt(2), await one.data(3)]).toEqual([0, 0, 0, 0]);
    // DATA that is refused may be tried again, and is one message all the same: it makes up for no other failures.
    expect(await one.data(3)).toBe(0);
    expect(await one.mail()).toBe(0);
    expect([await one.rcpt(3), await one.mail()]).toEqual([0, 1000]);
    const other = client({ failures: { after: 0, delay: '1s', factor: 2 } });
    expect([await other.rcpt(0), await other.rcpt(0), await other.rcpt(0), await other.rcpt(1)]).toEqual([
      0, 1000, 2000, 2000,
    ]);
  });

  it('nobody longer than `longest`, nor all in all than `total`', async () => {
    const one = client({
      at: { mail: '2s' },
      failures: { after: 0, delay: '1s', factor: 100 },
      longest: '3s',
      total: '10s',
    });
    const waits = [
      await one.mail(),
      await one.rcpt(),
      await one.mail(),
      await one.mail(),
      await one.mail(),
      await one.mail(),
    ];
    expect(waits).toEqual([2000, 0, 3000, 3000, 2000, 0]);
    const another = new Client(one.policy, one.clock);
    expect(await another.mail()).toBe(2000);
  });

  it('for ever growing failures no longer either', async () => {
    const one = client({ failures: { after: 0, delay: '1s', factor: 100 }, longest: '1s', total: '3s' });
    for (let i = 0; i < 400; i++) await one.rcpt();
    expect(await one.rcpt()).toBe(0);
  });

  it('so many sessions at once and no more', async () => {
    const clock = new FakeClock();
    const policy = make({ at: { mail: '5s' }, sessions: 2 }, clock);
    const ask = () => policy.mail?.({ session: testSession(), reversePath: null, parameters: {} }, testContext());
    const [first, second, third] = [ask(), ask(), ask()];
    expect([first, second, third].map((one) => one !== undefined && isPromise(one))).toEqual([true, true, false]);
    expect([policy.waiting, clock.pending]).toEqual([2, 2]);
    await clock.advance(5000);
    expect([policy.waiting, clock.pending]).toEqual([0, 0]);
    const fourth = ask();
    expect(fourth !== undefined && isPromise(fourth)).toBe(true);
  });

  it('nobody who has gone: nothing is left behind', async () => {
    const clock = new FakeClock();
    const policy = make({ at: { mail: '5s' }, sessions: 1 }, clock);
    const time = new AbortController();
    const input = { session: testSession(), reversePath: null, parameters: {} };
    const verdict = policy.mail?.(input, testContext(time.signal));
    time.abort(new Error('the client has gone'));
    await expect(verdict).rejects.toThrow('the client has gone');
    expect([policy.waiting, clock.pending]).toEqual([0, 0]);
    // The signal is the session's for as long as nothing fires it.
    const long = new AbortController();
    const waited = policy.mail?.({ ...input, session: testSession() }, testContext(long.signal));
    await clock.advance(5000);
    await waited;
    long.abort();
    expect([policy.waiting, clock.pending]).toEqual([0, 0]);
    const gone = policy.mail?.({ ...input, session: testSession() }, testContext(time.signal));
    await expect(gone).rejects.toThrow('the client has gone');
    expect([policy.waiting, clock.pending]).toEqual([0, 0]);
  });
});

describe('in a server', () => {
  const server = (options: Written, ...more: PluginUse[]) =>
    testServer({ plugins: [plainVerbs(), use(delayPlugin, options), ...more, acceptEverybody()] });

  it('a client that is gone while it waits is a session that ends, and an alarm that does not ring', async () => {
    const mx = await server({ at: { mail: '10s' } });
    const one = mx.client();
    await one.reply();
    await one.command('EHLO c');
    const before = mx.clock.pending;
    one.write('MAIL FROM:<a@example.net>\r\n');
    await settle();
    // Its own, and that of the policy's time.
    expect(mx.clock.pending).toBe(before + 2);
    one.stream.destroy(new Error('reset'));
    await settle();
    expect(mx.server.sessions).toBe(0);
    expect(mx.clock.pending).toBeLessThanOrEqual(before);
    expect(mx.eventsOf('sessionClosed').map(({ args }) => args[1].cause)).toEqual(['disconnect']);
    await mx.stop();
  });

  it('the longest wait there may be is within the time that a policy has', async () => {
    const mx = await server({ at: { mail: '25s' }, longest: '25s' });
    const one = mx.client();
    await one.reply();
    await one.command('EHLO c');
    one.write('MAIL FROM:<a@example.net>\r\n');
    await mx.clock.advance(24_999);
    expect(mx.eventsOf('replySent')).toHaveLength(2);
    await mx.clock.advance(1);
    expect((await one.reply()).code).toBe(250);
    await mx.stop();
  });

  it('recipients that others refuse make wait, whoever refuses them (attack A22)', async () => {
    const nobody = definePlugin({
      name: 'policy-nobody',
      register: (contribute) =>
        contribute.policy('nobody', { rcpt: ({ mailbox }) => (mailbox.local === 'user' ? accept() : reject()) }),
    });
    const mx = await server({ failures: { after: 3, delay: '1s', factor: 1 } }, use(nobody));
    const one = mx.client();
    await one.reply();
    expect(await one.commands('EHLO c', 'MAIL FROM:<a@example.net>', 'RCPT TO:<user@example.org>')).toEqual([
      250, 250, 250,
    ]);
    for (const name of ['a', 'b', 'c', 'd'])
      expect((await one.command(`RCPT TO:<${name}@example.org>`)).code).toBe(550);
    one.write('RCPT TO:<user@example.org>\r\n');
    await mx.clock.advance(999);
    expect(mx.eventsOf('replySent')).toHaveLength(8);
    await mx.clock.advance(1);
    expect((await one.reply()).code).toBe(250);
    await mx.stop();
  });

  it('what was counted in clear is counted on within TLS, and a represented client begins anew', () => {
    // The slots say so; the core is tested for what that means.
    const session = testSession();
    const slots: { readonly survivesTls: boolean; readonly scope: string }[] = [];
    const spy: Session = { ...session, set: (slot, value) => (slots.push(slot), session.set(slot, value)) };
    const policy = make(ALL, IN_NO_TIME);
    void policy.auth?.({ session: spy, mechanism: 'PLAIN', identity: 'ann' }, testContext());
    expect(slots).toHaveLength(2);
    for (const { survivesTls, scope } of slots)
      expect({ survivesTls, scope }).toEqual({ survivesTls: true, scope: 'connection' });
  });
});

describe('options of delay', () => {
  const issueOf = (options: unknown): string => {
    const issue = delayOptions.safeParse(options).error?.issues[0];
    return `${issue?.path.join('.')}: ${issue?.message}`;
  };

  it.each<[unknown, string]>([
    [{}, ': expected at, recipients or failures: nobody waits'],
    [{ at: {} }, ': expected at, recipients or failures'],
    [{ at: { connect: 0 } }, ': expected at, recipients or failures'],
    [{ at: { connect: 5 } }, 'at.connect: '],
    [{ at: { message: '1s' } }, 'at: '],
    [{ at: { connect: '11s' } }, 'at.connect: expected no more than `longest`'],
    [{ at: { connect: '1s' }, longest: '26s' }, 'longest: expected a duration above 0, and at most 25s'],
    [{ at: { connect: '1s' }, longest: 0 }, 'longest: '],
    [{ recipients: { after: 1, delay: '11s' } }, 'recipients.delay: expected no more than `longest`'],
    [{ recipients: { after: 1, delay: 0 } }, 'recipients.delay: expected a duration above 0'],
    [{ recipients: { after: -1, delay: '1s' } }, 'recipients.after: '],
    [{ failures: { after: 1, delay: '1s', factor: 0.5 } }, 'failures.factor: '],
    [{ failures: { after: 1 } }, 'failures.delay: '],
    [{ at: { connect: '1s' }, sessions: 0 }, 'sessions: '],
    [{ at: { connect: '1s' }, greetDelay: '5s' }, ': '],
  ])('refuse %j', (options, expected) => {
    expect(issueOf(options).slice(0, expected.length)).toBe(expected);
  });
});

it('is contributed by its manifest, and by nothing else', () => {
  expect(contributionsOf(delayPlugin)).toEqual([{ kind: 'policy', name: 'delay', value: DelayPolicy }]);
});

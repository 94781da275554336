/* oxlint-disable unicorn/no-thenable -- it is the name of an option, and always a list */
import {
  STAGES,
  accept,
  pass,
  reject,
  type Envelope,
  type Policy,
  type Session,
  type Stage,
  type StageInputs,
} from '@mailverb/contract';
import {
  contributionsOf,
  describePolicy,
  testContext,
  testEnvelope,
  testMailbox,
  testRecipient,
  testSession,
} from '@mailverb/testing';
import type { z } from 'zod';
import { unlessPlugin } from './plugin.js';
import { unlessOptions } from './unless.options.js';
import { UnlessPolicy } from './unless.policy.js';

type Written = z.input<typeof unlessOptions>;

const NO = reject();
const everywhere: Policy = Object.fromEntries(STAGES.map((stage) => [stage, () => NO]));

const make = (options: Omit<Written, 'then'>, then: Policy[] = [everywhere]): UnlessPolicy =>
  new UnlessPolicy(unlessOptions.parse({ ...options, then }));

/** What is known at a stage, where a test says it. */
interface Known {
  readonly session?: Partial<Session>;
  readonly helo?: string;
  readonly sender?: string | null;
  readonly recipients?: readonly string[];
  readonly mailbox?: string;
}

function envelopeOf({ sender = 'sender@far.example', recipients = ['rcpt@far.example'] }: Known): Envelope {
  const reversePath = sender === null ? null : testMailbox(sender);
  return testEnvelope({ reversePath, recipients: recipients.map((address) => testRecipient(address)) });
}

function inputs(known: Known): StageInputs {
  const session = testSession({ heloName: known.helo ?? 'client.far.example', ...known.session });
  const envelope = envelopeOf(known);
  const { reversePath } = envelope;
  return {
    connect: { session: testSession({ ...known.session, heloName: undefined }) },
    helo: { session: testSession(known.session), name: known.helo ?? 'client.far.example', verb: 'EHLO' },
    auth: { session, mechanism: 'PLAIN', identity: 'ann' },
    mail: { session, reversePath, parameters: {} },
    rcpt: { session, envelope, mailbox: testMailbox(known.mailbox ?? 'rcpt@far.example'), parameters: {} },
    data: { session, envelope },
    message: { session, envelope, size: 0, message: undefined },
  };
}

function ask<S extends Stage>(policy: Policy, stage: S, known: Known): unknown {
  const methods: {
    readonly [T in Stage]?: (input: StageInputs[T], context: ReturnType<typeof testContext>) => unknown;
  } = policy;
  return methods[stage]?.(inputs(known)[stage], testContext());
}

/** The stages at which this is exempt. */
const exemptAt = (policy: Policy, known: Known): Stage[] =>
  STAGES.filter((stage) => ask(policy, stage, known) === pass());

const FROM_HELO: Stage[] = ['helo', 'auth', 'mail', 'rcpt', 'data', 'message'];
const FROM_MAIL: Stage[] = ['mail', 'rcpt', 'data', 'message'];

describePolicy('unless, around a policy of every stage', () => make({ networks: ['10.0.0.0/8'], senders: ['<>'] }));
describePolicy(
  'unless, around a slow policy',
  () => make({ recipients: ['ann@example.org'] }, [{ rcpt: async () => NO }]),
  {
    stages: ['rcpt'],
  },
);

describe('unless exempts', () => {
  it('nobody whom its lists do not name', () => {
    const options: Omit<Written, 'then'> = {
      networks: ['10.0.0.0/8'],
      authenticated: ['ann'],
      helo: ['mx.example.org'],
      senders: ['example.org', '<>'],
      recipients: ['example.org'],
    };
    expect(exemptAt(make(options), {})).toEqual([]);
    expect(exemptAt(make(options), { session: { identity: { name: 'bob', mechanism: 'PLAIN' } } })).toEqual([]);
  });

  it('networks, at every stage, by address and not by text (defect K8)', () => {
    const policy = make({ networks: ['10.0.0.0/8', '2001:db8::/32'] });
    expect(exemptAt(policy, { session: { remoteAddress: '10.1.2.3' } })).toEqual(STAGES);
    expect(exemptAt(policy, { session: { remoteAddress: '2001:db8::1' } })).toEqual(STAGES);
    expect(exemptAt(policy, { session: { remoteAddress: '100.1.2.3' } })).toEqual([]);
    expect(exemptAt(policy, { session: { remoteAddress: '' } })).toEqual([]);
  });

  it('identities, all or some', () => {
    const known = { session: { identity: { name: 'ann', mechanism: 'PLAIN' } } };
    expect(exemptAt(make({ authenticated: true }), known)).toEqual(STAGES);
    expect(exemptAt(make({ authenticated: ['ann'] }), known)).toEqual(STAGES);
    expect(exemptAt(make({ authenticated: ['bob'] }), known)).toEqual([]);
    expect(exemptAt(make({ authenticated: false, networks: ['10.0.0.0/8'] }), known)).toEqual([]);
    expect(exemptAt(make({ authenticated: true }), {})).toEqual([]);
  });

  it('HELO names, from HELO on', () => {
    const policy = make({ helo: ['mx.example.org', '*.example.net'] });
    expect(exemptAt(policy, { helo: 'MX.example.org' })).toEqual(FROM_HELO);
    expect(exemptAt(policy, { helo: 'a.example.net' })).toEqual(FROM_HELO);
    expect(exemptAt(policy, { helo: 'example.net' })).toEqual([]);
    expect(exemptAt(policy, { helo: "no host's name" })).toEqual([]);
  });

  it('a new HELO name and not the old one', () => {
    const policy = make({ helo: ['good.example'] });
    const session = testSession({ heloName: 'good.example' });
    expect(policy.helo?.({ session, name: 'bad.example', verb: 'EHLO' }, testContext())).toBe(NO);
  });

  it('senders, from MAIL on', () => {
    const policy = make({ senders: ['ann@example.org', 'example.net'] });
    expect(exemptAt(policy, { sender: 'Ann@example.org' })).toEqual(FROM_MAIL);
    expect(exemptAt(policy, { sender: 'anybody@example.net' })).toEqual(FROM_MAIL);
    expect(exemptAt(policy, { sender: 'bob@example.org' })).toEqual([]);
    expect(exemptAt(policy, { sender: null })).toEqual([]);
    expect(exemptAt(make({ senders: ['<>'] }), { sender: null })).toEqual(FROM_MAIL);
  });

  it('a recipient, and not the others with it (defect K7)', () => {
    const policy = make({ recipients: ['ann@example.org'] });
    const listed = 'ann@example.org';
    const other = 'bob@example.org';
    expect(exemptAt(policy, { mailbox: listed, recipients: [] })).toEqual(['rcpt']);
    expect(exemptAt(policy, { mailbox: listed, recipients: [other] })).toEqual(['rcpt']);
    expect(exemptAt(policy, { mailbox: other, recipients: [listed, other] })).toEqual([]);
    expect(exemptAt(policy, { mailbox: other, recipients: [listed] })).toEqual(['data', 'message']);
    expect(exemptAt(policy, { mailbox: listed, recipients: [listed, listed] })).toEqual(['rcpt', 'data', 'message']);
  });
});

describe('unless asks', () => {
  it('at the stages at which its policies have a say, and has no method for others', () => {
    const policy = make({ senders: ['<>'] }, [{ mail: () => pass() }, { rcpt: () => pass(), mail: () => pass() }]);
    expect(STAGES.filter((stage) => stage in policy)).toEqual(['mail', 'rcpt']);
    expect(policy.wholeMessage).toBe(false);
  });

  it('its policies as what they are, in their order, and remembers who vouches', () => {
    class Counting implements Policy {
      asked = 0;
      rcpt() {
        this.asked++;
        return accept({ asked: String(this.asked) });
      }
    }
    const first = new Counting();
    const policy = make({ senders: ['<>'] }, [first, { mail: () => NO }, { rcpt: () => pass({ by: 'second' }) }]);
    expect(ask(policy, 'rcpt', {})).toEqual(accept({ asked: '1', by: 'second' }));
    expect(ask(policy, 'rcpt', { sender: null })).toBe(pass());
    expect(first.asked).toBe(1);
  });

  it('for the whole message if one of its policies does', () => {
    const policy = make({ senders: ['<>'] }, [{ rcpt: () => pass() }, { message: () => pass(), wholeMessage: true }]);
    expect(policy.wholeMessage).toBe(true);
  });

  it('whom it exempts nothing, and vouches for nobody', () => {
    const accepting = make({ networks: ['10.0.0.0/8'] }, [{ rcpt: () => accept() }]);
    expect(ask(accepting, 'rcpt', {})).toBe(accept());
    expect(ask(accepting, 'rcpt', { session: { remoteAddress: '10.0.0.1' } })).toBe(pass());
  });

  it('as part of another unless', () => {
    const inner = make({ senders: ['<>'] });
    const outer = make({ networks: ['10.0.0.0/8'] }, [inner]);
    expect(ask(outer, 'mail', {})).toBe(NO);
    expect(ask(outer, 'mail', { sender: null })).toBe(pass());
    expect(ask(outer, 'mail', { session: { remoteAddress: '10.0.0.1' } })).toBe(pass());
  });
});

describe('options of unless', () => {
  const then = [everywhere];

  it.each([
    {},
    { authenticated: false },
    { authenticated: [] },
    { networks: [], helo: [], senders: [], recipients: [] },
  ])('refuse that nobody is exempt: %p', (options) => {
    expect(unlessOptions.safeParse({ ...options, then }).error?.issues[0]?.message).toContain('unless what?');
  });

  it.each([
    { networks: ['10.0.0.0/8'] },
    { networks: ['10.0.0.0/8'], then: [] },
    { networks: ['10'], then },
    { senders: ['a b@example.org'], then },
    { recipients: [null], then },
    { network: ['10.0.0.0/8'], then },
  ])('refuse %p', (options) => {
    expect(unlessOptions.safeParse(options).success).toBe(false);
  });
});

describe('unlessPlugin', () => {
  it('contributes the policy, and says where its policies are', () => {
    expect(contributionsOf(unlessPlugin)).toEqual([{ kind: 'policy', name: 'unless', value: UnlessPolicy }]);
    expect(unlessPlugin.nested).toEqual({ 'then[]': 'policy' });
  });
});

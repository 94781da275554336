/**
 * The least that carries a mail transaction: verbs without extensions, and a policy that takes everybody. For tests of plugins that are
 * neither, which may not import the real ones.
 */
import {
  accept,
  definePlugin,
  use,
  type Plugin,
  type PluginUse,
  type Verb,
  type VerbOutcome,
} from '@mailverb/contract';
import {
  PHASE_TABLE,
  Reply,
  parseMailFrom,
  parseRcptTo,
  reply,
  type Mailbox,
  type ReversePath,
} from '@mailverb/protocol';

const OK = reply(250, '2.0.0', 'Ok');
const NOTHING = Object.freeze({});

function greeting(name: 'HELO' | 'EHLO'): Verb<string> {
  return {
    name,
    ...PHASE_TABLE[name],
    parse: (args) => (args === '' ? reply(501, undefined, `Syntax: ${name} hostname`) : args),
    question: (params, session) => ({ stage: 'helo', input: { session, name: params, verb: name } }),
    perform: (params, session) => ({
      reply: reply(250, undefined, session.listener.hostname),
      effect: { type: 'greet', name: params, extended: name === 'EHLO' },
    }),
  };
}

const mail: Verb<{ readonly reversePath: ReversePath }> = {
  name: 'MAIL',
  ...PHASE_TABLE.MAIL,
  parse: (args) => {
    const parsed = parseMailFrom(args);
    return parsed instanceof Reply ? parsed : { reversePath: parsed.path };
  },
  question: ({ reversePath }, session) => ({ stage: 'mail', input: { session, reversePath, parameters: {} } }),
  perform: ({ reversePath }) => ({ reply: OK, effect: { type: 'begin', reversePath, parameters: {} } }),
};

const rcpt: Verb<{ readonly mailbox: Mailbox }> = {
  name: 'RCPT',
  ...PHASE_TABLE.RCPT,
  parse: (args) => {
    const parsed = parseRcptTo(args);
    return parsed instanceof Reply ? parsed : { mailbox: parsed.mailbox };
  },
  question: ({ mailbox }, session) =>
    session.envelope === undefined
      ? undefined
      : { stage: 'rcpt', input: { session, envelope: session.envelope, mailbox, parameters: {} } },
  perform: ({ mailbox }) => ({ reply: OK, effect: { type: 'recipient', mailbox, parameters: {} } }),
};

function simple(name: 'DATA' | 'RSET' | 'NOOP' | 'VRFY' | 'QUIT', outcome: VerbOutcome): Verb<object> {
  return { name, ...PHASE_TABLE[name], parse: () => NOTHING, perform: () => outcome };
}

const data: Verb<object> = {
  ...simple('DATA', { reply: reply(354, undefined, 'go on'), effect: { type: 'receive-dot' } }),
  question: (_params, session) =>
    session.envelope === undefined ? undefined : { stage: 'data', input: { session, envelope: session.envelope } },
};

const plainVerbsPlugin: Plugin = definePlugin({
  name: 'verbs-plain',
  register(contribute) {
    contribute.verb(greeting('HELO'));
    contribute.verb(greeting('EHLO'));
    contribute.verb(mail);
    contribute.verb(rcpt);
    contribute.verb(data);
    contribute.verb(simple('RSET', { reply: OK, effect: { type: 'reset' } }));
    contribute.verb(simple('NOOP', { reply: OK }));
    contribute.verb(simple('VRFY', { reply: reply(252, '2.0.0', 'try RCPT') }));
    contribute.verb(simple('QUIT', { reply: reply(221, '2.0.0', 'bye'), effect: { type: 'close' } }));
  },
});

const everybodyPlugin: Plugin = definePlugin({
  name: 'policy-everybody',
  register(contribute) {
    contribute.policy('everybody', { rcpt: () => accept() });
  },
});

/** HELO, EHLO (offering nothing), MAIL, RCPT (without parameters), DATA, RSET, NOOP, VRFY, QUIT. */
export function plainVerbs(): PluginUse {
  return use(plainVerbsPlugin);
}

/** Accepts every recipient. Only for tests. */
export function acceptEverybody(): PluginUse {
  return use(everybodyPlugin);
}

/** Verbs: what they make of arguments, in every phase in which the phase table lets them (attacks A3, A6). Without a server. */
import type { Verb } from '@mailverb/contract';
import { PHASES, PHASE_TABLE, Reply, type Phase } from '@mailverb/protocol';
import { testCapabilities, testEnvelope, testListener, testSession } from '@mailverb/testing';
import { BdatVerb } from '@mailverb/verb-bdat';
import { DataVerb } from '@mailverb/verb-data';
import { EhloVerb } from '@mailverb/verb-ehlo';
import { ExpnVerb } from '@mailverb/verb-expn';
import { HeloVerb } from '@mailverb/verb-helo';
import { HelpVerb } from '@mailverb/verb-help';
import { MailVerb } from '@mailverb/verb-mail';
import { NoopVerb } from '@mailverb/verb-noop';
import { QuitVerb } from '@mailverb/verb-quit';
import { RcptVerb } from '@mailverb/verb-rcpt';
import { RsetVerb } from '@mailverb/verb-rset';
import { VrfyVerb } from '@mailverb/verb-vrfy';
import { COMMANDS } from '../engine/dictionary.js';
import { holds, textOf, type Target } from '../engine/target.js';
import { FORBIDDEN } from '../models/addresses.js';

const LISTENER = testListener();
const NOTHING_OFFERED = testCapabilities();
const verb = <P>(one: Verb<P>): Verb => one as Verb;

const VERBS: readonly Verb[] = [
  verb(new HeloVerb({ strict: false }, LISTENER)),
  verb(new HeloVerb({ strict: true }, LISTENER)),
  verb(new EhloVerb({ strict: false }, LISTENER, NOTHING_OFFERED)),
  verb(new EhloVerb({ strict: true }, LISTENER, NOTHING_OFFERED)),
  verb(new MailVerb(NOTHING_OFFERED)),
  verb(new RcptVerb(NOTHING_OFFERED)),
  verb(new DataVerb()),
  verb(new BdatVerb()),
  verb(new RsetVerb()),
  verb(new NoopVerb()),
  verb(new VrfyVerb()),
  verb(new ExpnVerb()),
  verb(new HelpVerb({ list: () => [{ name: 'NOOP', help: 'NOOP' }] })),
  verb(new QuitVerb(LISTENER)),
];

const SESSIONS: ReadonlyMap<Phase, ReturnType<typeof testSession>> = new Map(
  PHASES.map((phase) => [
    phase,
    testSession({ phase, envelope: phase === 'connected' || phase === 'greeted' ? undefined : testEnvelope() }),
  ]),
);

export const verbsTarget: Target = {
  name: 'verbs',
  holds:
    'every verb refuses arguments or makes sense of them in each of its phases, and the octets of BDAT are counted or the session closed',
  tokens: COMMANDS.map((line) => line.replace(/^\w+ /, '').trimEnd()),
  maxLength: 600,
  check(input) {
    const args = argsOf(input);
    return VERBS.map((one) => tryVerb(one, args)).join(';');
  },
  parse(input) {
    for (const one of VERBS) tryVerb(one, argsOf(input));
  },
};

/** As framing gives them to a verb: no control characters, no spaces around. */
function argsOf(input: Uint8Array): string {
  // oxlint-disable-next-line no-control-regex
  const text = textOf(input).replaceAll(/[\x00-\x1f\x7f]/g, '');
  let [from, to] = [0, text.length];
  while (text[from] === ' ') from += 1;
  while (to > from && text[to - 1] === ' ') to -= 1;
  return text.slice(from, to);
}

function tryVerb(one: Verb, args: string): string {
  let signature = '';
  for (const phase of PHASES) {
    const session = SESSIONS.get(phase);
    if (session === undefined || !one.phases.includes(phase)) continue;
    const params = one.parse(args, session);
    if (params instanceof Reply) {
      holds(!params.positive, `${one.name} refuses with a reply that agrees`, params.code);
      signature += params.code;
      continue;
    }
    const question = one.question?.(params, session);
    if (question?.stage === 'helo')
      holds(!FORBIDDEN.test(question.input.name), `${one.name} lets a control character into a name`, args);
    const step = one.perform(params, session);
    holds(!(step instanceof Promise) && 'reply' in step, `${one.name} has no reply`);
    if (one.name === 'BDAT') countedOrClosed(one, params, args, step.effect);
    signature += `${step.reply.code}${step.effect?.type ?? ''}`;
  }
  return signature;
}

/** RFC 3030: what is not clearly a count must end the session, and what is must be that many octets, whatever is said about them. */
function countedOrClosed(
  one: Verb,
  params: unknown,
  args: string,
  effect: { readonly type: string; readonly octets?: number } | undefined,
): void {
  const count = /^(\d+)(?: +LAST)?$/i.exec(args)?.[1];
  const clear = count !== undefined && !args.includes('\u017f') && Number(count) <= Number.MAX_SAFE_INTEGER;
  for (const what of [effect, one.refusalEffect?.(params)]) {
    const counted: { readonly type?: string; readonly octets?: number } = what ?? {};
    if (clear) holds(counted.octets === Number(count), 'BDAT counts otherwise', args, counted.octets);
    else holds(counted.type === 'close', 'BDAT goes on without a clear count', args, counted.type);
  }
}

holds(PHASE_TABLE.BDAT.phases.length === PHASES.length, 'BDAT is not legal everywhere');

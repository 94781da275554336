/**
 * From an address to those that it comes to, through the table, again and again.
 *
 * An address that names itself among its targets gets a copy. Whoever comes twice is there once, also where an address leads back to one on its way: that one
 * stands for its other targets. What leads to nobody in this way is a loop.
 */
import { isPromise, type MaybePromise } from '@mailverb/contract';
import { addressKey, type Lookup, type LookupAnswer } from '@mailverb/lookup';
import { parseMailbox, reply, type Mailbox, type Reply } from '@mailverb/protocol';
import type { Targets } from './targets.js';

const NO_ANSWER = reply(451, '4.3.0', 'it can not be told now where this address leads, try again later');
const LOOP = reply(554, '5.4.6', 'this address is forwarded in a loop');
const TOO_DEEP = reply(554, '5.4.6', 'this address is forwarded too often (maxDepth)');
const TOO_MANY = reply(554, '5.4.6', 'this address leads to too many others (maxRecipients)');

/** What an address comes to: undefined if it is not forwarded, or why it comes to nothing. */
export type Expansion = Targets | Reply | undefined;

/** How far it may go. */
export interface ExpansionLimits {
  readonly keep: boolean;
  readonly maxDepth: number;
  readonly maxRecipients: number;
}

/** An address on the way. */
interface Step {
  readonly mailbox: Mailbox;
  readonly key: string;
  readonly depth: number;
}

type Table = Lookup<Mailbox, Targets>;
type Walk = Generator<MaybePromise<LookupAnswer<Targets>>, Expansion, LookupAnswer<Targets>>;

/** See above. Synchronous for as long as the table is. `<Postmaster>` without a domain is the server's own too. */
export function expand(
  table: Table,
  limits: ExpansionLimits,
  mailbox: Mailbox,
  hostname: string,
): MaybePromise<Expansion> {
  return drive(walk(table, limits, mailbox, hostname));
}

function* walk(
  table: Table,
  { keep, maxDepth, maxRecipients }: ExpansionLimits,
  root: Mailbox,
  hostname: string,
): Walk {
  const out = new Map<string, Mailbox>();
  const seen = new Set([addressKey(root)]);
  const steps: Step[] = [{ mailbox: root, key: addressKey(root), depth: 0 }];
  for (const step of steps) {
    const { mailbox, key, depth } = step;
    let answer = yield table.find(mailbox);
    if (answer.kind === 'none' && mailbox.domain === '') answer = yield table.find(ownPostmaster(mailbox, hostname));
    if (answer.kind === 'failed') return NO_ANSWER;
    if (answer.kind === 'none') {
      if (depth === 0) return undefined;
      out.set(key, mailbox);
      continue;
    }
    if (keep || answer.value.some((target) => addressKey(target) === key)) out.set(key, mailbox);
    for (const target of answer.value) {
      const next = addressKey(target);
      if (seen.has(next)) continue;
      if (depth === maxDepth) return TOO_DEEP;
      seen.add(next);
      // Not the first, which is no target.
      if (seen.size > maxRecipients + 1) return TOO_MANY;
      steps.push({ mailbox: target, key: next, depth: depth + 1 });
    }
  }
  return out.size === 0 ? LOOP : [...out.values()];
}

/** `<Postmaster>` with this server's own name. */
export function ownPostmaster(mailbox: Mailbox, hostname: string): Mailbox {
  if (mailbox.domain !== '') return mailbox;
  return parseMailbox(`${mailbox.local}@${hostname}`) ?? mailbox;
}

function drive(walking: Walk): MaybePromise<Expansion> {
  let step = walking.next();
  while (step.done !== true) {
    if (isPromise(step.value)) return driveOn(walking, step.value);
    step = walking.next(step.value);
  }
  return step.value;
}

async function driveOn(walking: Walk, pending: PromiseLike<LookupAnswer<Targets>>): Promise<Expansion> {
  let step = walking.next(await pending);
  while (step.done !== true) step = walking.next(await step.value);
  return step.value;
}

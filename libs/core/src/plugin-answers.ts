/**
 * What plugins say is looked at before it is believed: they may be JavaScript, and their types may be another version's. What makes no sense costs
 * one command or one transaction (attack A24), and never the process.
 */
import {
  STAGES,
  type Effect,
  type Outcome,
  type StageQuestion,
  type Verdict,
  type VerbInquiry,
  type VerbOutcome,
} from '@mailverb/contract';
import { Reply } from '@mailverb/protocol';

const EFFECTS: ReadonlySet<unknown> = new Set([
  'greet',
  'begin',
  'recipient',
  'receive-dot',
  'receive-chunk',
  'skip-chunk',
  'reset',
  'converse',
  'identify',
  'upgrade',
  'become',
  'forwarded',
  'close',
]);

/** True for a reply, also one that was made by another copy of the protocol library. */
export function isReply(value: unknown): value is Reply {
  if (!(value instanceof Reply) && (!isObject(value) || typeof value['wire'] !== 'function')) return false;
  const { code } = value;
  return typeof code === 'number' && Number.isInteger(code) && code >= 200 && code < 600;
}

/** True for a reply that ends something: yes, later or no. 3xx asks for more, and only verbs may. */
export function isFinalReply(value: unknown): value is Reply {
  return isReply(value) && (value.code < 300 || value.code >= 400);
}

/** True for what a verb may return. */
export function isVerbOutcome(value: unknown): value is VerbOutcome {
  if (!isObject(value) || !isReply(value['reply'])) return false;
  const { effect } = value;
  return effect === undefined || isEffect(effect);
}

/** True for a question that comes up while a verb performs. */
export function isVerbInquiry(value: unknown): value is VerbInquiry {
  return (
    isObject(value) && typeof value['proceed'] === 'function' && value['ask'] !== undefined && isQuestion(value['ask'])
  );
}

/** True for an effect. Of a chunk it must be known how long it is: what is not counted would be read as commands (attack A3). */
export function isEffect(value: unknown): value is Effect {
  if (!isObject(value)) return false;
  const { type, octets } = value;
  if (type !== 'receive-chunk' && type !== 'skip-chunk') return EFFECTS.has(type);
  return typeof octets === 'number' && Number.isSafeInteger(octets) && octets >= 0;
}

/** True for what a verb may ask. */
export function isQuestion(value: unknown): value is StageQuestion | undefined {
  if (value === undefined) return true;
  return isObject(value) && isObject(value['input']) && STAGES.some((stage) => stage === value['stage']);
}

/** True for a verdict. */
export function isVerdict(value: unknown): value is Verdict {
  if (!isObject(value)) return false;
  const { kind, reply, annotate } = value;
  if (annotate !== undefined && !isObject(annotate)) return false;
  if (kind === 'pass' || kind === 'accept') return true;
  return (kind === 'reject' || kind === 'defer' || kind === 'hangup') && isReply(reply) && !reply.positive;
}

/** True for an outcome of a delivery. */
export function isOutcome(value: unknown): value is Outcome {
  return isObject(value) && isObject(value['recipient']) && isFinalReply(value['reply']);
}

/** What was thrown, in words. Never throws, whatever it was. */
export function causeOf(error: unknown): string {
  try {
    return error instanceof Error ? String(error.message) : String(error);
  } catch {
    return 'an error without words';
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/**
 * BDAT (RFC 3030 2): a counted chunk of mail data.
 *
 * The counted bytes are on their way whether we like the command or not, so every refusal says what becomes of them: they are read
 * and dropped where the count is known, and the session is closed where it is not. They are never read as commands (attack A3).
 */
import type { Effect, Session, StageQuestion, Verb, VerbOutcome } from '@mailverb/contract';
import { PHASE_TABLE, isAscii, reply, type Phase } from '@mailverb/protocol';
import { injectable } from 'tsyringe';

const BAD_SYNTAX: VerbOutcome = Object.freeze({
  reply: reply(501, '5.5.4', 'Syntax: BDAT octets [LAST]; closing, as the octets cannot be told from commands'),
  effect: Object.freeze({ type: 'close' }),
});
const NOT_NOW = reply(503, '5.5.1', 'need MAIL and RCPT first; the chunk is dropped');

/** One chunk; undefined if it is not clear how many octets follow. */
export interface BdatParams {
  readonly chunk: { readonly octets: number; readonly last: boolean } | undefined;
}

const UNCLEAR: BdatParams = Object.freeze({ chunk: undefined });

/** The verb BDAT. */
@injectable()
export class BdatVerb implements Verb<BdatParams> {
  readonly name = 'BDAT';
  readonly phases = PHASE_TABLE.BDAT.phases;
  readonly endsBatch = PHASE_TABLE.BDAT.endsBatch;
  readonly stage = 'data';
  readonly help = 'BDAT octets [LAST]';

  /** Never a Reply: what cannot be parsed is refused by `perform`, which can close the session. */
  parse(args: string): BdatParams {
    let octets = 0;
    let at = 0;
    for (; at < args.length; at++) {
      const digit = args.charCodeAt(at) - 48;
      if (digit < 0 || digit > 9) break;
      octets = octets * 10 + digit;
      // Beyond this numbers lose digits, and 18446744073709551616 must not become 0 (attack A3).
      if (octets > Number.MAX_SAFE_INTEGER) return UNCLEAR;
    }
    if (at === 0) return UNCLEAR;
    if (at === args.length) return { chunk: { octets, last: false } };
    return isLast(args, at) ? { chunk: { octets, last: true } } : UNCLEAR;
  }

  /** The policies are asked once for a message: with its first chunk. */
  question(params: BdatParams, session: Session): StageQuestion | undefined {
    const { envelope } = session;
    if (params.chunk === undefined || session.phase !== 'rcpt' || envelope === undefined) return undefined;
    return { stage: 'data', input: { session, envelope } };
  }

  perform(params: BdatParams, session: Session): VerbOutcome {
    const { chunk } = params;
    if (chunk === undefined) return BAD_SYNTAX;
    const { octets, last } = chunk;
    if (!takesChunks(session.phase)) return { reply: NOT_NOW, effect: { type: 'skip-chunk', octets, last } };
    return {
      reply: reply(250, '2.0.0', `${octets} octets received`),
      effect: { type: 'receive-chunk', octets, last },
    };
  }

  /** What must still happen if the policies refuse or the phase is wrong. */
  refusalEffect(params: BdatParams): Effect {
    return params.chunk === undefined ? { type: 'close' } : { type: 'skip-chunk', ...params.chunk };
  }
}

/** True if the rest is spaces, at least one, and LAST. */
function isLast(args: string, start: number): boolean {
  let at = start;
  while (args.charCodeAt(at) === 0x20) at++;
  const word = args.slice(at);
  // Not every letter that becomes an ASCII letter in upper case is one (attack A6).
  return at > start && isAscii(word) && word.toUpperCase() === 'LAST';
}

function takesChunks(phase: Phase): boolean {
  return phase === 'rcpt' || phase === 'bdat';
}

/**
 * HELO (RFC 5321 4.1.1.1): the client says who it is, and no extensions are in use.
 * Its replies have no enhanced status codes, the refusing ones neither (RFC 2034 4).
 */
import {
  Listener,
  Options,
  type ListenerInfo,
  type Session,
  type StageQuestion,
  type Verb,
  type VerbOutcome,
} from '@mailverb/contract';
import { PHASE_TABLE, Reply, parseHost, reply } from '@mailverb/protocol';
import { inject, injectable } from 'tsyringe';
import type { HeloOptions } from './helo.options.js';

const SYNTAX = reply(501, undefined, 'Syntax: HELO hostname');
const BAD_NAME = reply(501, undefined, 'HELO needs a host name or an address literal');

/** RFC 5321 4.5.3.1.2: a domain has at most 255 octets. */
const MAX_NAME = 255;

const HARMLESS: ReadonlySet<number> = new Set(
  Array.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._:[]!#$%&'*+/=?^`{|}~@", (c) =>
    c.charCodeAt(0),
  ),
);

/** The verb HELO. Its parameters are the name that the client gave. */
@injectable()
export class HeloVerb implements Verb<string> {
  readonly name = 'HELO';
  readonly phases = PHASE_TABLE.HELO.phases;
  readonly endsBatch = PHASE_TABLE.HELO.endsBatch;
  readonly stage = 'helo';
  readonly help = 'HELO hostname';
  private readonly ok: Reply;

  constructor(
    @inject(Options) private readonly options: HeloOptions,
    @inject(Listener) listener: ListenerInfo,
  ) {
    this.ok = reply(250, undefined, listener.hostname);
  }

  parse(name: string): string | Reply {
    if (name.length === 0 || name.includes(' ')) return SYNTAX;
    if (!harmless(name)) return BAD_NAME;
    return this.options.strict && parseHost(name, { underscores: true }) === undefined ? BAD_NAME : name;
  }

  question(name: string, session: Session): StageQuestion {
    return { stage: 'helo', input: { session, name, verb: 'HELO' } };
  }

  perform(name: string): VerbOutcome {
    return { reply: this.ok, effect: { type: 'greet', name, extended: false } };
  }
}

/**
 * Letters, digits, and what RFC 5322 allows in an atom, with the dot, the colon, the brackets and "@". Many clients send names that are
 * no host names, and RFC 5321 4.1.4 wants them served; but a parenthesis, a quote or an angle bracket would change the meaning
 * of the Received field that the name goes into, and a control byte of a log line (attack A6).
 */
function harmless(name: string): boolean {
  if (name.length === 0 || name.length > MAX_NAME) return false;
  for (let i = 0; i < name.length; i++) if (!HARMLESS.has(name.charCodeAt(i))) return false;
  return true;
}

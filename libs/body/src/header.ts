/** The header section of a message (RFC 5322 2.2), looked at before the message goes on: for who must know a field to know the way. */
import { isPromise, type Body, type MaybePromise } from '@mailverb/contract';
import { bodyOf } from './body-of.js';
import { ByteGatherer } from './byte-gatherer.js';
import { prefixed } from './prefixed.js';
import { PulledBody } from './pulled-body.js';

const CR = 13;
const LF = 10;
const COLON = 58;
const SPACE = 32;
const TAB = 9;
const END = Buffer.from('\r\n\r\n', 'latin1');

/** Fields by name, in small letters, each value without its folds: only ever a Map (attack A10). */
export class HeaderFields {
  private readonly fields = new Map<string, string[]>();

  /** Reads a header section in time that grows with its length (attack A8). A line that is no field is passed over. */
  constructor(bytes: Uint8Array) {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at < text.length;) {
      const end = endOfField(text, at);
      const colon = text.subarray(at, end).indexOf(COLON);
      if (colon > 0) this.add(text.toString('latin1', at, at + colon), text.toString('utf8', at + colon + 1, end));
      at = end + 2;
    }
  }

  /** The values of all fields of that name (in small letters), from the top. */
  all(name: string): readonly string[] {
    return this.fields.get(name) ?? [];
  }

  private add(name: string, value: string): void {
    const key = name.trimEnd().toLowerCase();
    const unfolded = value.replaceAll('\r\n', '').trim();
    const before = this.fields.get(key);
    if (before === undefined) this.fields.set(key, [unfolded]);
    else before.push(unfolded);
  }
}

/** What was seen of a message, and the message itself. */
export interface Peeked {
  /** The header section, or as much of it as the limit allows. */
  readonly header: Uint8Array;
  /** Reads from the start, whatever was seen; held if the message is. */
  readonly body: Body;
}

/**
 * Looks at the header section of a body. Of a held one nothing is consumed; of one that is still coming its first octets are copied, at
 * most `limit` and what comes with them.
 */
export function peekHeader(body: Body, limit: number): MaybePromise<Peeked> {
  const { held } = body;
  if (held === undefined) {
    const seen = gather(body, limit);
    return isPromise(seen) ? seen.then((settled) => replayed(settled, body, limit)) : replayed(seen, body, limit);
  }
  const opened = held.open();
  const done = ({ bytes }: Seen): Peeked => {
    if (opened instanceof PulledBody) opened.release();
    return { header: headerOf(bytes, limit), body };
  };
  const seen = gather(opened, limit);
  return isPromise(seen) ? seen.then(done) : done(seen);
}

interface Seen {
  readonly bytes: Uint8Array;
  /** There is no more. */
  readonly ended: boolean;
}

function replayed({ bytes, ended }: Seen, body: Body, limit: number): Peeked {
  return { header: headerOf(bytes, limit), body: ended ? bodyOf([bytes]) : prefixed(bytes, body) };
}

function gather(body: Body, limit: number): MaybePromise<Seen> {
  const gathered = new ByteGatherer();
  for (;;) {
    const chunk = body.read();
    if (isPromise(chunk)) return gatherRest(body, limit, gathered, chunk);
    if (chunk === undefined) return { bytes: gathered.view(), ended: true };
    if (isEnough(gathered, chunk, limit)) return { bytes: gathered.view(), ended: false };
  }
}

async function gatherRest(
  body: Body,
  limit: number,
  gathered: ByteGatherer,
  pending: PromiseLike<Uint8Array | undefined>,
): Promise<Seen> {
  let chunk = await pending;
  while (chunk !== undefined) {
    if (isEnough(gathered, chunk, limit)) return { bytes: gathered.view(), ended: false };
    chunk = await body.read();
  }
  return { bytes: gathered.view(), ended: true };
}

/** Adds a chunk; true if the whole header section is there, or as much as may be. Looks at every octet once. */
function isEnough(gathered: ByteGatherer, chunk: Uint8Array, limit: number): boolean {
  const from = Math.max(0, gathered.length - (END.length - 1));
  gathered.append(chunk);
  return gathered.length >= limit || endOfHeader(gathered.view(), from) !== -1;
}

function headerOf(bytes: Uint8Array, limit: number): Uint8Array {
  const end = endOfHeader(bytes, 0);
  return bytes.subarray(0, Math.min(limit, end === -1 ? bytes.length : end));
}

/** Where the empty line begins; -1 if there is none yet. A message that begins with it has no field. */
function endOfHeader(bytes: Uint8Array, from: number): number {
  if (bytes[0] === CR && bytes[1] === LF) return 0;
  const found = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(END, from);
  return found === -1 ? -1 : found + 2;
}

/** Where its CRLF is: the next that no space or tab follows. */
function endOfField(text: Buffer, from: number): number {
  for (let at = from; ;) {
    const found = text.indexOf('\r\n', at, 'latin1');
    if (found === -1) return text.length;
    const next = text[found + 2];
    if (next !== SPACE && next !== TAB) return found;
    at = found + 2;
  }
}

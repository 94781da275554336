/** What a conversation file says, as data. The format is described in this library's README. */

/** How the client's bytes are cut into writes. */
export type Manner =
  /** Each group of `C` lines is one write, as a pipelining client sends it. */
  | 'whole'
  /** Each byte is a write of its own, and the server's event loop turns in between. */
  | 'bytes'
  /** Cut at random, by a seed that failures name. */
  | 'random';

/** How a file is run: in memory in one of the three manners, or `whole` over a TCP socket. */
export type Run = Manner | 'tcp';

/** All runs. */
export const RUNS: readonly Run[] = ['whole', 'bytes', 'random', 'tcp'];

/** One line of the file that does something. `line` is its number, counted from 1. */
export type Step =
  /** Bytes from the client. */
  | { readonly type: 'send'; readonly line: number; readonly bytes: Buffer }
  /** One reply line, without its CRLF; `*` stands for any run of characters. */
  | { readonly type: 'expect'; readonly line: number; readonly text: string }
  /** A whole reply of one or more lines, by its last one. */
  | { readonly type: 'expect-reply'; readonly line: number; readonly text: string }
  /** The server ends the connection. */
  | { readonly type: 'closed'; readonly line: number }
  /** The client ends its side and still listens. */
  | { readonly type: 'close'; readonly line: number }
  /** The client is gone at once. */
  | { readonly type: 'reset'; readonly line: number }
  /** Time passes, by the fake clock. */
  | { readonly type: 'advance'; readonly line: number; readonly ms: number };

/** A conversation file that was read. */
export interface Conversation {
  /** For messages: the file's name. */
  readonly name: string;
  /** What the `@` lines ask of the assembly, nested at their dots: `@ limits.errors 3` is `{ limits: { errors: 3 } }`. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** How it may be run. */
  readonly runs: readonly Run[];
  readonly steps: readonly Step[];
}

/** A conversation file that cannot be read; the message begins with `name:line`. */
export class ConversationSyntaxError extends Error {
  override readonly name = 'ConversationSyntaxError';
  constructor(
    conversation: string,
    readonly line: number,
    message: string,
  ) {
    super(`${conversation}:${line}: ${message}`);
  }
}

/** Holds a conversation with a server and compares. */
import type { MaybePromise } from '@mailverb/contract';
import type { Duplex } from 'node:stream';
import { turn, within } from '../event-loop.js';
import type { FakeClock } from '../fake-clock.js';
import { LineReader } from '../line-reader.js';
import type { Conversation, Manner, Step } from './conversation.js';
import { cut, randomNumbers } from './cut.js';
import { matchesGlob } from './glob.js';
import { escapeBytes } from './raw.js';
import { Transcript } from './transcript.js';

/** What a run may need. */
export interface RunOptions {
  /** The server's clock, for `T:` lines. */
  readonly clock?: FakeClock;
  /** Of the manner `random`; default 1. */
  readonly seed?: number;
  /** Milliseconds that a line may take before the run fails; a guard only, default 4 seconds. */
  readonly patienceMs?: number;
}

/** The server did not say what the file expects. */
export class ConversationMismatch extends Error {
  override readonly name = 'ConversationMismatch';
  constructor(
    conversation: string,
    readonly line: number,
    readonly expected: string,
    readonly got: string,
    how: string,
    transcript: string,
  ) {
    super(
      `${conversation}:${line} (${how})\n  expected: ${expected}\n  got:      ${got}\n\nthe conversation so far:\n${transcript}`,
    );
  }
}

/**
 * Runs a conversation against a server.
 *
 * `S:` lines wait for data and nothing else waits: a line that comes unasked is found by the next `S:` line, or at the end, when the client
 * ends its side, the server must end its own, and nothing more may have come.
 * @param connect gives the client's end of a connection.
 * @throws {ConversationMismatch} (rejects)
 */
export async function runConversation(
  conversation: Conversation,
  connect: () => MaybePromise<Duplex>,
  how: Manner,
  options: RunOptions = {},
): Promise<void> {
  const stream = await connect();
  try {
    await new Run(conversation, stream, how, options).run();
  } finally {
    stream.destroy();
  }
}

class Run {
  private readonly reader: LineReader;
  private readonly transcript = new Transcript();
  private readonly random: () => number;
  private readonly seed: number;
  private at: number;

  constructor(
    private readonly conversation: Conversation,
    private readonly stream: Duplex,
    private readonly how: Manner,
    private readonly options: RunOptions,
  ) {
    this.reader = new LineReader(stream);
    this.seed = options.seed ?? 1;
    this.random = randomNumbers(this.seed);
    this.at = conversation.steps[0]?.line ?? 0;
  }

  async run(): Promise<void> {
    const { steps } = this.conversation;
    for (let i = 0; i < steps.length;) {
      const group = takeGroup(steps, i);
      i += group.length;
      const first = group[0];
      if (first === undefined) break;
      this.at = first.line;
      if (first.type === 'send') await this.send(Buffer.concat(group.map((step) => bytesOf(step))));
      else await this.carryOut(first);
    }
    await this.finish(steps[steps.length - 1]);
  }

  private async carryOut(step: Exclude<Step, { type: 'send' }>): Promise<void> {
    switch (step.type) {
      case 'expect':
        return this.expect(step.text);
      case 'expect-reply':
        return this.expectReply(step.text);
      case 'closed':
        return this.expectEnd('the end of the connection');
      case 'advance':
        return this.advance(step.ms);
      case 'close':
        this.transcript.note('the client ends its side');
        this.stream.end();
        return;
      case 'reset':
        this.transcript.note('the client resets');
        reset(this.stream);
    }
  }

  /** In a `whole` run a group is one write; a server that has gone meanwhile is not written to. */
  private async send(bytes: Buffer): Promise<void> {
    this.transcript.sent(bytes);
    for (const piece of cut(bytes, this.how, this.random)) {
      if (this.reader.ended || !this.stream.writable) return;
      this.stream.write(piece);
      if (this.how === 'bytes' || (this.how === 'random' && this.random() < 0.5)) await turn();
    }
  }

  private async expect(pattern: string): Promise<void> {
    this.compare(pattern, await this.line(pattern));
  }

  /** Lines `250-` are skipped, of the same code; the next one must be as expected. */
  private async expectReply(pattern: string): Promise<void> {
    const before = `${pattern.slice(0, 3)}-`;
    let line = await this.line(pattern);
    while (line?.startsWith(before)) line = await this.line(pattern);
    this.compare(pattern, line);
  }

  private compare(pattern: string, line: string | undefined): void {
    if (line === undefined) throw this.mismatch(pattern, 'the end of the connection');
    // Reply lines are bytes here; a pattern with other than ASCII means its UTF-8.
    if (!matchesGlob(Buffer.from(pattern, 'utf8').toString('latin1'), line))
      throw this.mismatch(pattern, printed(line));
  }

  private async expectEnd(what: string): Promise<void> {
    const line = await this.line(what);
    if (line !== undefined) throw this.mismatch(what, printed(line));
  }

  private async line(expected: string): Promise<string | undefined> {
    const nothing = () => this.mismatch(expected, 'nothing');
    const line = this.reader.now() ?? (await within(this.reader.line(), nothing, this.options.patienceMs));
    if (line === undefined) this.transcript.note('the server has ended the connection');
    else this.transcript.received(line);
    return line;
  }

  private async advance(ms: number): Promise<void> {
    const { clock } = this.options;
    if (clock === undefined)
      throw new Error(`${this.conversation.name}:${this.at}: T: needs a server with a fake clock`);
    this.transcript.note(`${ms} ms pass`);
    await clock.advance(ms);
  }

  private async finish(last: Step | undefined): Promise<void> {
    if (last?.type === 'reset' || last?.type === 'closed') return;
    if (!this.stream.writableEnded) this.stream.end();
    await this.expectEnd('nothing more, and the end of the connection after the client has ended its side');
  }

  private mismatch(expected: string, got: string): ConversationMismatch {
    const how = this.how === 'random' ? `random splits, seed ${this.seed}` : this.how;
    const { name } = this.conversation;
    return new ConversationMismatch(name, this.at, expected, got, how, this.transcript.toString());
  }
}

function takeGroup(steps: readonly Step[], start: number): readonly Step[] {
  let end = start + 1;
  if (steps[start]?.type === 'send') while (steps[end]?.type === 'send') end++;
  return steps.slice(start, end);
}

function bytesOf(step: Step): Buffer {
  return step.type === 'send' ? step.bytes : Buffer.alloc(0);
}

function printed(line: string): string {
  return escapeBytes(Buffer.from(line, 'latin1'), 1000);
}

function reset(stream: Duplex): void {
  if ('resetAndDestroy' in stream && typeof stream.resetAndDestroy === 'function') stream.resetAndDestroy();
  else stream.destroy();
}

/** Every conversation file of a folder as tests, in every manner, in memory and over TCP. Uses the globals of jest (or of what is like it). */
import type { MaybePromise } from '@mailverb/contract';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Duplex } from 'node:stream';
import type { FakeClock } from '../fake-clock.js';
import { RUNS, type Conversation, type Run } from './conversation.js';
import { parseConversation } from './parse.js';
import { runConversation } from './run.js';

/** A server to talk to: a `TestServer` is one. */
export interface ConversationServer {
  /** The client's end of a new connection. */
  connect(): MaybePromise<Duplex>;
  /** The clock that `T:` lines advance. */
  readonly clock?: FakeClock;
  stop(): MaybePromise<void>;
}

/** Gives a server of its own to each run. It must refuse settings that it does not know. */
export type MakeServer = (conversation: Conversation, transport: 'memory' | 'tcp') => MaybePromise<ConversationServer>;

/** Files of a folder, in order. @throws if there are none: a folder without a test proves nothing. */
export function readConversations(folder: string): readonly { readonly file: string; readonly text: string }[] {
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.smtp'))
    .toSorted();
  if (files.length === 0) throw new Error(`no conversation (*.smtp) in ${folder}`);
  return files.map((file) => ({ file, text: readFileSync(join(folder, file), 'utf8') }));
}

/**
 * A jest test for each file and run: `whole`, `bytes` and `random` in memory, and `whole` over a TCP socket. Files whose time passes (`T:`)
 * are not run over TCP, because nobody can know when a socket has fallen silent.
 */
export function describeConversations(folder: string, makeServer: MakeServer): void {
  describe(`conversations of ${basename(join(folder, '..'))}/${basename(folder)}`, () => {
    for (const { file, text } of readConversations(folder)) describeFile(file, text, makeServer);
  });
}

function describeFile(file: string, text: string, makeServer: MakeServer): void {
  let conversation: Conversation;
  try {
    conversation = parseConversation(text, file);
  } catch (error) {
    it(file, () => {
      throw error;
    });
    return;
  }
  for (const run of possibleRuns(conversation)) {
    it(`${file} (${run})`, async () => {
      const server = await makeServer(conversation, run === 'tcp' ? 'tcp' : 'memory');
      try {
        await runConversation(conversation, () => server.connect(), run === 'tcp' ? 'whole' : run, {
          clock: server.clock,
        });
      } finally {
        await server.stop();
      }
    }, 30_000);
  }
}

function possibleRuns({ runs, steps }: Conversation): readonly Run[] {
  const timed = steps.some((step) => step.type === 'advance');
  return RUNS.filter((run) => runs.includes(run) && !(timed && run === 'tcp'));
}

/**
 * What a program's end means for its recipients: sysexits.h, with the enhanced codes that Postfix's pipe(8) gives them.
 *
 * Codes that speak of the message or of the recipient are taken at their word. All others say that something is wrong here (a wrong argument, a
 * missing file, a crash): by default that is no reason for anybody's mail to come back, so the sender tries again.
 */
import { reply, type Reply } from '@mailverb/protocol';

/** What becomes of mail when the program fails for reasons of its own: `refuse` is what Postfix does. */
export type Failures = 'defer' | 'refuse';

const LATER = 'the message could not be delivered, try again later';
const NEVER = 'the message could not be delivered';

/** Something failed on our side. */
export const FAILED = reply(451, '4.3.0', LATER);

/** Of the message, or of the recipient. */
const SAID: ReadonlyMap<number, Reply> = new Map([
  [65, reply(554, '5.6.0', 'the message was refused: its data is wrong')],
  [67, reply(550, '5.1.1', 'no such user here')],
  [68, reply(550, '5.1.2', 'no such host')],
  [71, reply(451, '4.3.0', LATER)],
  [75, reply(451, '4.3.0', LATER)],
  [77, reply(550, '5.7.1', 'the message was refused: not permitted')],
]);

/** Of the program, by what stands behind the class of the enhanced code. */
const LOCAL: ReadonlyMap<number, string> = new Map([
  [64, '3.0'],
  [66, '3.0'],
  [69, '3.0'],
  [70, '3.0'],
  [72, '3.0'],
  [73, '2.0'],
  [74, '3.0'],
  [76, '5.0'],
  [78, '3.5'],
]);

/** The reply for an exit code that is not 0. */
export function replyToExit(code: number, failures: Failures): Reply {
  const said = SAID.get(code);
  if (said !== undefined) return said;
  const detail = LOCAL.get(code) ?? '3.0';
  return failures === 'refuse' ? reply(554, `5.${detail}`, NEVER) : reply(451, `4.${detail}`, LATER);
}

/** Longer words are cut: a reply is for people. */
const MAX_WORDS = 200;

/** The reply that a program has written itself as its first line, as Postfix reads it: `5.2.2 mailbox full`. Undefined if that is none. */
export function replyFromOutput(output: string): Reply | undefined {
  const [line = ''] = output.split(/\r?\n/, 1);
  const [enhanced = '', ...words] = line.trim().split(' ');
  // A program that has failed says no; 2.x.x is not believed.
  if (!/^[45]\.\d{1,3}\.\d{1,3}$/.test(enhanced)) return undefined;
  const text = words.join(' ').slice(0, MAX_WORDS);
  if (enhanced.startsWith('4')) return reply(451, enhanced, text || LATER);
  return reply(/^5\.[127]\./.test(enhanced) ? 550 : 554, enhanced, text || NEVER);
}

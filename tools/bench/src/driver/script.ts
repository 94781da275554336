/** A scenario's conversation as ready-made buffers: what to write and which reply codes must come back before the next write. */
import type { Load } from '../scenarios.js';
import { END_OF_DATA, mailData } from './message.js';

/** One write and the replies that it must cause, in order. */
export interface Step {
  readonly bytes: Buffer;
  readonly codes: readonly number[];
  /** True if the first of the replies is the one to a message. */
  readonly completes: boolean;
  /** True if TLS begins when it was answered. */
  readonly secures?: true;
}

/** A connection: `open` once, `message` as often as wanted, `close` once. */
export interface Script {
  readonly open: readonly Step[];
  readonly message: readonly Step[];
  readonly close: readonly Step[];
  /** How often `message` is played in one connection. */
  readonly repeat: number;
}

const EHLO = 'EHLO client.example\r\n';
const MAIL = 'MAIL FROM:<sender@client.example>\r\n';
const RCPT = 'RCPT TO:<somebody@example.org>\r\n';
const DATA = 'DATA\r\n';

const step = (bytes: string | Buffer, codes: readonly number[], completes = false): Step => ({
  bytes: typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes,
  codes,
  completes,
});

const STARTTLS: Step = { ...step('STARTTLS\r\n', [220]), secures: true };

/** The script of a scenario. Every write of a chained script holds exactly one whole transaction's worth of bytes. */
export function makeScript(load: Load): Script {
  const data = Buffer.concat([mailData(load.size, load.dots), Buffer.from(END_OF_DATA, 'latin1')]);
  const ehlo = step(EHLO, [250]);
  const envelope = step(MAIL + RCPT + DATA, [250, 250, 354]);
  const body = step(data, [250], true);
  const quit = step('QUIT\r\n', [221]);
  const hello = load.tls === true ? [ehlo, STARTTLS, ehlo] : [ehlo];
  switch (load.style) {
    case 'serial':
      return {
        open: hello,
        message: [step(MAIL, [250]), step(RCPT, [250]), step(DATA, [354]), body],
        close: [quit],
        repeat: load.perConnection,
      };
    case 'group':
      return { open: hello, message: [envelope, body], close: [quit], repeat: load.perConnection };
    case 'chain':
      return {
        open: [...hello, envelope],
        message: [step(Buffer.concat([data, envelope.bytes]), [250, ...envelope.codes], true)],
        // The last message has nothing behind it.
        close: [body, quit],
        repeat: load.perConnection - 1,
      };
  }
}

/** A connection that is complete when it is greeted, and then waits for the end. */
export const EHLO_ONLY: Script = { open: [step(EHLO, [250], true)], message: [], close: [], repeat: 0 };

/** What `libs/protocol` alone is measured with: bytes in memory, no socket, replies thrown away. */
import { ServerProtocol, reply } from '@mailverb/protocol';
import { END_OF_DATA, mailData } from '../driver/message.js';

/** One measurement: what it is, in what unit, and how much of that one call does. */
export interface Trial {
  readonly name: string;
  readonly unit: 'MB/s' | 'commands/s';
  /** Megabytes or commands of one run. */
  readonly amount: number;
  readonly run: () => void;
}

const OK = reply(250, '2.0.0', 'Ok');

/** What a socket reads at most at once. */
const CHUNK = 64 * 1024;

const protocol = (bareNewlines: 'reject' | 'normalize'): ServerProtocol =>
  new ServerProtocol({ commandLine: 512, textLine: 1000, bareNewlines, enhancedCodes: true });

function data(name: string, size: number, dots: boolean, bareNewlines: 'reject' | 'normalize' = 'reject'): Trial {
  const bytes = Buffer.concat([mailData(size, dots), Buffer.from(END_OF_DATA)]);
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += CHUNK) chunks.push(bytes.subarray(at, at + CHUNK));
  const server = protocol(bareNewlines);
  const run = (): void => {
    server.expectData();
    let octets = 0;
    let ended = false;
    for (const chunk of chunks) {
      server.receive(chunk);
      for (let event = server.next(); event.type !== 'needData'; event = server.next()) {
        if (event.type === 'body') octets += event.chunk.length;
        else if (event.type === 'bodyEnd' && event.fault === undefined) ended = true;
        else throw new Error(`unexpected ${event.type}`);
      }
    }
    if (!ended || octets > size || octets < size * 0.95) throw new Error(`${octets} octets of ${size}`);
  };
  return { name, unit: 'MB/s', amount: bytes.length / 1e6, run };
}

function commands(name: string, lines: readonly string[], inOneChunk: boolean): Trial {
  const chunks = (inOneChunk ? [lines.join('')] : lines).map((text) => Buffer.from(text, 'latin1'));
  const server = protocol('reject');
  const run = (): void => {
    let seen = 0;
    for (const chunk of chunks) {
      server.receive(chunk);
      for (let event = server.next(); event.type !== 'needData'; event = server.next()) {
        if (event.type !== 'command') throw new Error(`unexpected ${event.type}`);
        seen++;
        server.send(OK);
      }
      server.take();
    }
    if (seen !== lines.length) throw new Error(`${seen} commands of ${lines.length}`);
  };
  return { name, unit: 'commands/s', amount: lines.length, run };
}

const GROUP = ['MAIL FROM:<sender@client.example>\r\n', 'RCPT TO:<somebody@example.org>\r\n', 'DATA\r\n'];
const PIPELINED = Array.from({ length: 100 }, () => GROUP).flat();

/** All, in the order of the table. */
export const TRIALS: readonly Trial[] = [
  data('mail data, 1 MiB', 1024 * 1024, false),
  data('mail data, 1 MiB, stuffed dots', 1024 * 1024, true),
  data('mail data, 1 MiB, normalizing', 1024 * 1024, false, 'normalize'),
  data('mail data, 1 KiB', 1024, false),
  commands('MAIL, RCPT, DATA, one in a chunk', PIPELINED, false),
  commands('MAIL, RCPT, DATA, 300 in a chunk', PIPELINED, true),
];

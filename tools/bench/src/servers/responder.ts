/**
 * The ceiling: an SMTP conversation with fixed replies and as little work as is honest. It finds the ends of commands and of mail data,
 * looks at the first letter of each command, and knows nothing else: no phases, no addresses, no limits, no byte rules.
 */

const CR = 0x0d;
const LF = 0x0a;
const DOT = 0x2e;

const TERMINATOR = Buffer.from('\r\n.\r\n', 'latin1');

export const GREETING = '220 mx.example.org ESMTP\r\n';
const HELLO =
  '250-mx.example.org\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-CHUNKING\r\n250 ENHANCEDSTATUSCODES\r\n';
const SENDER = '250 2.1.0 Ok\r\n';
const RECIPIENT = '250 2.1.5 Ok\r\n';
const GO_AHEAD = '354 End data with <CR><LF>.<CR><LF>\r\n';
const TAKEN = '250 2.0.0 Ok: discarded\r\n';
const OK = '250 2.0.0 Ok\r\n';
const BYE = '221 2.0.0 Bye\r\n';
const START_TLS = '220 2.0.0 Ready to start TLS\r\n';
const UNKNOWN = '500 5.5.2 Unknown command\r\n';

/** One connection's state: three small fields. */
export class Responder {
  /** True once QUIT was read: what was returned last is the last. */
  ended = false;
  /** True once STARTTLS was read. */
  securing = false;
  private inData = false;
  /** First octet of a command whose end has not come; 0 at the start of one. */
  private verb = 0;
  /** Octets of the terminator that the mail data so far ends with. */
  private matched = 0;

  /** Reads a chunk, cut anywhere, and returns the replies to all that it completed, for one write. */
  take(chunk: Buffer): string {
    let replies = '';
    let at = 0;
    while (at < chunk.length && !this.ended && !this.securing) {
      if (this.inData) {
        at = this.endOfData(chunk, at);
        if (at < 0) break;
        this.inData = false;
        replies += TAKEN;
      } else {
        if (this.verb === 0) this.verb = chunk[at] ?? 0;
        const end = chunk.indexOf(LF, at);
        if (end < 0) break;
        replies += this.reply(this.verb & 0xdf);
        this.verb = 0;
        at = end + 1;
      }
    }
    return replies;
  }

  private reply(letter: number): string {
    switch (letter) {
      case 0x45: // E
      case 0x48: // H
        return HELLO;
      case 0x4d: // M
        return SENDER;
      case 0x52: // R
        return RECIPIENT;
      case 0x4e: // N
        return OK;
      case 0x44: // D
        this.inData = true;
        // The CRLF of the command itself: an empty message is a single dot.
        this.matched = 2;
        return GO_AHEAD;
      case 0x53: // S
        this.securing = true;
        return START_TLS;
      case 0x51: // Q
        this.ended = true;
        return BYE;
      default:
        return UNKNOWN;
    }
  }

  /** Where the mail data ends, terminator included, or -1 if it goes on in the next chunk. */
  private endOfData(chunk: Buffer, start: number): number {
    let at = start;
    while (this.matched > 0 && at < chunk.length) {
      const octet = chunk[at++] ?? 0;
      // The only octet at which a broken match can begin anew is CR: the terminator's other octets never start it.
      if (octet !== TERMINATOR[this.matched]) this.matched = octet === CR ? 1 : 0;
      else if (++this.matched === TERMINATOR.length) return at;
    }
    if (at === chunk.length) return -1;
    const found = chunk.indexOf(TERMINATOR, at);
    if (found >= 0) return found + TERMINATOR.length;
    this.matched = matchAtEnd(chunk, at);
    return -1;
  }
}

/** How much of the terminator stands at the end of `chunk`, looking no further back than `from`. */
function matchAtEnd(chunk: Buffer, from: number): number {
  const last = chunk[chunk.length - 1];
  if (last !== CR && last !== LF && last !== DOT) return 0;
  for (let length = Math.min(TERMINATOR.length - 1, chunk.length - from); length > 0; length--) {
    if (chunk.compare(TERMINATOR, 0, length, chunk.length - length) === 0) return length;
  }
  return 0;
}

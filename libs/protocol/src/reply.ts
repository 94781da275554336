/**
 * Replies (RFC 5321 4.2, RFC 2034, RFC 3463).
 *
 * A reply is a value: a code, an enhanced status code where one belongs, and text. Its wire form is made once, when it is
 * first needed, so that a constant reply costs a string concatenation each time it is sent. Text is cleaned here and only
 * here: no CR, LF, control or non-ASCII byte can get from an argument into a reply (attack A6).
 */

/** RFC 5321 4.5.3.1.5: a reply line is at most 512 octets, CRLF included. */
export const MAX_REPLY_LINE = 512;

/** One SMTP reply. Immutable; make it with {@link reply} and share constants freely. */
export class Reply {
  private wireWith: string | undefined;
  private wireWithout: string | undefined;

  /**
   * @param code three digits, 200 to 599.
   * @param enhanced an enhanced status code such as `5.1.1` whose class equals the code's, or undefined where none belongs
   *   (greeting, HELO/EHLO, 334, 354: RFC 2034 4).
   * @param lines the text, a line each; at least one.
   */
  constructor(
    readonly code: number,
    readonly enhanced: string | undefined,
    readonly lines: readonly string[],
  ) {}

  /** True for 2xx and 3xx: the client may go on. */
  get positive(): boolean {
    return this.code < 400;
  }

  /** True for 4xx: trying again later may help. */
  get transient(): boolean {
    return this.code >= 400 && this.code < 500;
  }

  /** True for 5xx: trying again as it is will not help. */
  get permanent(): boolean {
    return this.code >= 500;
  }

  /** The text as one line, for logs. */
  get text(): string {
    return this.lines.join(' ');
  }

  /** `550 5.1.1 no such user`, for logs and people. */
  toString(): string {
    return `${this.code}${this.enhanced === undefined ? '' : ` ${this.enhanced}`} ${this.text}`;
  }

  /**
   * The reply as it goes onto the wire: ASCII, ended by CRLF.
   * @param enhancedCodes false where the server does not offer ENHANCEDSTATUSCODES.
   */
  wire(enhancedCodes: boolean): string {
    if (enhancedCodes) return (this.wireWith ??= format(this.code, this.enhanced, this.lines));
    return (this.wireWithout ??= format(this.code, undefined, this.lines));
  }
}

/**
 * Makes a reply.
 * @throws RangeError for a code outside 200 to 599, or an enhanced code of another class: that is our bug, not the peer's.
 */
export function reply(code: number, enhanced: string | undefined, ...lines: string[]): Reply {
  if (!Number.isInteger(code) || code < 200 || code > 599) throw new RangeError(`no SMTP reply code: ${code}`);
  if (enhanced !== undefined && !isEnhancedCodeFor(code, enhanced)) {
    throw new RangeError(`enhanced status code ${enhanced} does not fit reply code ${code}`);
  }
  return new Reply(code, enhanced, lines.length === 0 ? [''] : lines);
}

/** RFC 3463 2: class "." subject "." detail, and RFC 2034 4: the class equals the reply code's first digit. */
export function isEnhancedCodeFor(code: number, enhanced: string): boolean {
  // Nearly always five characters: replies are made for each message, so the usual form is looked at without a pattern.
  if (enhanced.charCodeAt(0) !== ZERO + Math.floor(code / 100)) return false;
  if (enhanced.length === 5) {
    return (
      enhanced.charCodeAt(1) === POINT &&
      isDigit(enhanced.charCodeAt(2)) &&
      enhanced.charCodeAt(3) === POINT &&
      isDigit(enhanced.charCodeAt(4)) &&
      code < 600 &&
      enhanced.charCodeAt(0) !== ZERO + 3
    );
  }
  return /^[245]\.\d{1,3}\.\d{1,3}$/.test(enhanced);
}

/** Text that may stand in a reply, a header or a log line: printable ASCII; anything else becomes `?`. */
export function cleanText(text: string): string {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || code > 0x7e) return text.replaceAll(/[^\x20-\x7e]/gu, '?');
  }
  return text;
}

const ZERO = 48;
const POINT = 46;

function isDigit(code: number): boolean {
  return code >= ZERO && code < ZERO + 10;
}

function format(code: number, enhanced: string | undefined, lines: readonly string[]): string {
  const prefix = enhanced === undefined ? '' : `${enhanced} `;
  const room = MAX_REPLY_LINE - 4 - prefix.length - 2;
  const [first = ''] = lines;
  if (lines.length === 1 && first.length <= room) return `${code} ${prefix}${cleanText(first)}\r\n`;
  const pieces: string[] = [];
  for (const line of lines) {
    const text = cleanText(line);
    for (let at = 0; at === 0 || at < text.length; at += room) pieces.push(text.slice(at, at + room));
  }
  const last = pieces.length - 1;
  return pieces.map((piece, i) => `${code}${i === last ? ' ' : '-'}${prefix}${piece}\r\n`).join('');
}

/**
 * Looks at a header section as its octets pass, at any split: fields are taken out, and others added at its end.
 *
 * The section ends at the first empty line (RFC 5322 2.1). If the first line is no field there is none, and all is body. What is neither a field
 * nor a continuation further down is passed on: some readers take it for the body's beginning and some do not, and a Bcc behind it must not
 * be left to those. No more is held than the beginning of one line, until its name is known.
 */
import { ByteGatherer } from '@mailverb/body';

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const COLON = 0x3a;

const CRLF = Uint8Array.of(CR, LF);

/** Fields that may be missing. Other names are not remembered: a client can think of many. */
const NOTED: ReadonlySet<string> = new Set(['date', 'message-id']);

/** RFC 5322 2.1.1: the longest line. A name that is longer is none. */
const LONGEST = 998;
/** Octets to begin with for the beginning of a line: nearly all names are shorter. */
const BEGINNING = 64;

/** What becomes of a line. */
type Fate =
  /** Not known yet. */
  | 'unknown'
  | 'pass'
  | 'drop'
  /** It is the empty line behind the section. */
  | 'separator'
  /** It is the body's first, and there is no empty line before it. */
  | 'body';

/** One message's header section on its way. */
export class HeaderEditor {
  /** True once the section has passed: what comes is body, and none of its business. */
  over = false;
  private fate: Fate = 'unknown';
  /** Of the line: octets so far, whether they are a lone CR, its field's name so far, and whether a space has followed that. */
  private length = 0;
  private afterCr = false;
  private name = '';
  private spaced = false;
  private first = true;
  /** Whether the field that a continuation would belong to is taken out. */
  private dropping = false;
  private readonly seen = new Set<string>();
  /** The beginning of a line whose fate is unknown, from chunks before. */
  private held: ByteGatherer | undefined = undefined;

  /**
   * @param removed names of the fields to take out, in lower case.
   * @param missing gives the fields to add, each ended by CRLF, once it is known whether there is a `date` and a `message-id`.
   */
  constructor(
    private readonly removed: ReadonlySet<string>,
    private readonly missing: (seen: ReadonlySet<string>) => string,
  ) {}

  /** The next octets; gives what is to be passed on of them and of those before: views of `chunk`, good as long as it is. */
  push(chunk: Uint8Array): readonly Uint8Array[] {
    const out: Uint8Array[] = [];
    /** Octets from here on are passed on. */
    let from = 0;
    /** Where the line begins. */
    let start = 0;
    let at = 0;
    while (at < chunk.length) {
      if (this.fate === 'unknown') {
        const octet = chunk[at] ?? 0;
        this.fate = this.look(octet);
        // The octet that decided may be the line's last: it is looked at again, below.
        if (this.fate === 'unknown') {
          at += 1;
          continue;
        }
        const held = this.held?.view();
        this.held = undefined;
        if (this.fate !== 'pass') pass(out, chunk.subarray(from, start));
        if (this.fate === 'separator' || this.fate === 'body') {
          pass(out, this.additions(this.fate === 'body'));
          pass(out, held);
          pass(out, chunk.subarray(start));
          return out;
        }
        if (this.fate === 'pass') pass(out, held);
      }
      const lf = chunk.indexOf(LF, at);
      at = lf === -1 ? chunk.length : lf + 1;
      if (this.fate === 'drop') from = at;
      if (lf === -1) continue;
      this.beginLine();
      start = at;
    }
    if (this.fate === 'unknown' && this.length > 0) {
      pass(out, chunk.subarray(from, start));
      // A copy: chunks are good until the next is read, and the line goes on there.
      (this.held ??= new ByteGatherer(BEGINNING)).append(chunk.subarray(start));
    } else {
      pass(out, chunk.subarray(from));
    }
    return out;
  }

  /** The message is over, and the section may not be: then what is missing comes now. */
  end(): readonly Uint8Array[] {
    if (this.over) return [];
    const out: Uint8Array[] = [];
    const unfinished = this.length > 0;
    if (unfinished && this.fate === 'unknown' && this.first) {
      pass(out, this.additions(true));
      pass(out, this.held?.view());
      return out;
    }
    pass(out, this.held?.view());
    const additions = this.additions(false);
    // BDAT may end within a line.
    if (unfinished && this.fate !== 'drop' && additions.length > 0) pass(out, CRLF);
    pass(out, additions);
    return out;
  }

  /** One more octet of a line whose fate is unknown. */
  private look(octet: number): Fate {
    const at = this.length++;
    if (octet === LF && (at === 0 || this.afterCr)) return 'separator';
    if (this.afterCr) return this.strange();
    const space = octet === SPACE || octet === TAB;
    if (at === 0) {
      if (space) return this.first ? 'body' : this.dropping ? 'drop' : 'pass';
      this.dropping = false;
      this.afterCr = octet === CR;
      if (this.afterCr) return 'unknown';
    }
    if (octet === COLON) return this.name === '' ? this.strange() : this.field();
    if (space) this.spaced = true;
    else if (this.spaced || !isNameOctet(octet)) return this.strange();
    else this.name += String.fromCharCode(octet);
    return this.length < LONGEST ? 'unknown' : this.strange();
  }

  /** A name and a colon; before the colon there may have been spaces (RFC 5322 4.5). */
  private field(): Fate {
    const name = this.name.toLowerCase();
    this.first = false;
    if (NOTED.has(name)) this.seen.add(name);
    this.dropping = this.removed.has(name);
    return this.dropping ? 'drop' : 'pass';
  }

  /** A line that is no field. The first is the body's, unless it is the line that mailbox files (RFC 4155) have above a message. */
  private strange(): Fate {
    return this.first && !(this.spaced && this.name === 'From') ? 'body' : 'pass';
  }

  private beginLine(): void {
    this.fate = 'unknown';
    this.length = 0;
    this.afterCr = false;
    this.name = '';
    this.spaced = false;
  }

  private additions(separated: boolean): Uint8Array {
    this.over = true;
    const fields = this.missing(this.seen);
    // Without fields nothing is added: then the message has no header section, as before.
    return Buffer.from(separated && fields !== '' ? `${fields}\r\n` : fields, 'latin1');
  }
}

function pass(out: Uint8Array[], piece: Uint8Array | undefined): void {
  if (piece !== undefined && piece.length > 0) out.push(piece);
}

/** RFC 5322 3.6.8 `ftext`: printable, but no colon. */
function isNameOctet(octet: number): boolean {
  return octet > SPACE && octet < 0x7f && octet !== COLON;
}

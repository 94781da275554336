/**
 * Content-Transfer-Encoding (RFC 2045 6), undone piece by piece: what is cut anywhere comes out the same, in linear time and without memory.
 * What is no valid encoding is read as kindly as mail programs do, and never refused.
 */

/** Octets in, octets out. */
export interface TransferDecoder {
  push(bytes: Uint8Array): Uint8Array;
  /** What was still held back. */
  end(): Uint8Array;
}

/** The decoder for a value of Content-Transfer-Encoding, in lower case; anything unknown is taken as it stands. */
export function transferDecoder(encoding: string): TransferDecoder {
  if (encoding === 'base64') return new Base64Decoder();
  if (encoding === 'quoted-printable') return new QuotedPrintableDecoder();
  return AS_IT_IS;
}

const NOTHING = new Uint8Array(0);

const AS_IT_IS: TransferDecoder = { push: (bytes) => bytes, end: () => NOTHING };

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const NO_SYMBOL = 255;
const PAD = 0x3d;
/** The six bits of each octet that is a symbol. */
const SIX_BITS = new Uint8Array(256).fill(NO_SYMBOL);
for (let i = 0; i < ALPHABET.length; i++) SIX_BITS[ALPHABET.charCodeAt(i)] = i;

/** Octets outside of the alphabet are skipped (RFC 2045 6.8); a pad ends a group, so that pieces which were joined are read. */
class Base64Decoder implements TransferDecoder {
  private bits = 0;
  private symbols = 0;

  push(bytes: Uint8Array): Uint8Array {
    const out = new Uint8Array(Math.ceil(((bytes.length + 4) * 3) / 4));
    let length = 0;
    // Locals, and no iterator: this runs for each octet of each attachment, several times.
    let { bits, symbols } = this;
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i] ?? 0;
      const six = SIX_BITS[byte] ?? NO_SYMBOL;
      if (six === NO_SYMBOL) {
        if (byte !== PAD) continue;
        length = finish(bits, symbols, out, length);
        bits = 0;
        symbols = 0;
        continue;
      }
      bits = (bits << 6) | six;
      symbols += 1;
      if (symbols < 4) continue;
      out[length] = bits >> 16;
      out[length + 1] = bits >> 8;
      out[length + 2] = bits;
      length += 3;
      bits = 0;
      symbols = 0;
    }
    this.bits = bits;
    this.symbols = symbols;
    return out.subarray(0, length);
  }

  end(): Uint8Array {
    const out = new Uint8Array(2);
    const length = finish(this.bits, this.symbols, out, 0);
    this.bits = 0;
    this.symbols = 0;
    return out.subarray(0, length);
  }
}

/** Two symbols are one octet, three are two, one alone is none. */
function finish(bits: number, symbols: number, out: Uint8Array, from: number): number {
  if (symbols === 2) {
    out[from] = bits >> 4;
    return from + 1;
  }
  if (symbols === 3) {
    out[from] = bits >> 10;
    out[from + 1] = bits >> 2;
    return from + 2;
  }
  return from;
}

const CR = 0x0d;
const LF = 0x0a;
const SPACE = 0x20;
const TAB = 0x09;
const EQUALS = 0x3d;

/** No valid line is longer (RFC 2045 6.7), so white space that is has not been added at its end on the way. */
const MAX_PADDING = 1000;

/** Behind `=`; behind `=` and a digit; behind `=` and white space, a soft line break if the line ends; behind `=` CR. */
type State = 'text' | 'escape' | 'digit' | 'soft' | 'soft-cr';

class QuotedPrintableDecoder implements TransferDecoder {
  private state: State = 'text';
  private digit = 0;
  /** White space that is dropped if the line ends behind it (RFC 2045 6.7, rule 3). */
  private padding: number[] = [];
  private out = NOTHING;
  private length = 0;

  push(bytes: Uint8Array): Uint8Array {
    this.out = new Uint8Array(bytes.length + this.padding.length + 2);
    this.length = 0;
    for (const byte of bytes) this.take(byte);
    return this.out.subarray(0, this.length);
  }

  end(): Uint8Array {
    this.out = new Uint8Array(2);
    this.length = 0;
    // White space at the end, and a soft line break that nothing follows, are nothing.
    if (this.state === 'digit') {
      this.emit(EQUALS);
      this.emit(this.digit);
    }
    this.state = 'text';
    this.padding = [];
    return this.out.subarray(0, this.length);
  }

  private take(byte: number): void {
    switch (this.state) {
      case 'escape':
        return this.takeEscaped(byte);
      case 'digit':
        return this.takeSecondDigit(byte);
      case 'soft':
        if (byte === SPACE || byte === TAB) return;
        return byte === CR || byte === LF ? this.takeEscaped(byte) : this.takeInvalid(byte);
      case 'soft-cr':
        this.state = 'text';
        return byte === LF ? undefined : this.takeText(byte);
      case 'text':
        return this.takeText(byte);
    }
  }

  private takeText(byte: number): void {
    if (byte === SPACE || byte === TAB) {
      this.padding.push(byte);
      if (this.padding.length > MAX_PADDING) this.keepPadding();
      return;
    }
    if (byte === CR || byte === LF) this.padding.length = 0;
    else this.keepPadding();
    if (byte === EQUALS) this.state = 'escape';
    else this.emit(byte);
  }

  private takeEscaped(byte: number): void {
    if (byte === CR) this.state = 'soft-cr';
    else if (byte === LF) this.state = 'text';
    else if (byte === SPACE || byte === TAB) this.state = 'soft';
    else if (hex(byte) === undefined) this.takeInvalid(byte);
    else {
      this.digit = byte;
      this.state = 'digit';
    }
  }

  private takeSecondDigit(byte: number): void {
    const high = hex(this.digit);
    const low = hex(byte);
    this.state = 'text';
    if (high !== undefined && low !== undefined) return this.emit(high * 16 + low);
    this.emit(EQUALS);
    this.emit(this.digit);
    this.takeText(byte);
  }

  /** A `=` that begins nothing stands for itself. */
  private takeInvalid(byte: number): void {
    this.state = 'text';
    this.emit(EQUALS);
    this.takeText(byte);
  }

  private keepPadding(): void {
    for (const byte of this.padding) this.emit(byte);
    this.padding.length = 0;
  }

  private emit(byte: number): void {
    // What is given out was all put in, but for what an earlier piece had left: there is room.
    this.out[this.length++] = byte;
  }
}

function hex(byte: number): number | undefined {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  // Lower case is not valid, and common.
  const upper = byte & ~0x20;
  return upper >= 0x41 && upper <= 0x46 ? upper - 0x37 : undefined;
}

/**
 * Names of objects: a template with the time, the transaction's id and a random part. Nothing of a message or of its envelope is in them (attack A12).
 */
import { randomBytes } from 'node:crypto';

const NAMES = ['year', 'month', 'day', 'hour', 'id', 'random'] as const;
type Name = (typeof NAMES)[number];

const LITERAL = /^[A-Za-z0-9!_.*'()/=-]*$/;
/** S3 takes 1024 octets; what replaces a name, and `.json`, need some of them. */
const LONGEST = 700;

/** A template for keys. */
export class KeyTemplate {
  private readonly pieces: readonly ({ readonly text: string } | { readonly name: Name })[];

  /** @throws {RangeError} if it is none; says why. */
  constructor(template: string) {
    if (template.length > LONGEST) throw new RangeError(`expected up to ${LONGEST} characters`);
    this.pieces = template.split(/(\{[a-z]*\})/).map((piece) => {
      if (!/^\{[a-z]*\}$/.test(piece)) return { text: literal(piece) };
      const name = NAMES.find((one) => `{${one}}` === piece);
      if (name === undefined) throw new RangeError(`unknown placeholder ${piece}; known: ${NAMES.join(', ')}`);
      return { name };
    });
    // A key that is used twice loses the first message.
    if (!template.includes('{random}')) throw new RangeError('expected {random} in it');
    if (template.split('/').some((part) => part === '' || part === '.' || part === '..')) {
      throw new RangeError('expected a relative path, without empty parts, . and ..');
    }
  }

  /** A key that nobody has had. @param now milliseconds since the epoch. */
  next(id: string, now: number): string {
    const time = new Date(now).toISOString();
    const values: Readonly<Record<Name, string>> = {
      year: time.slice(0, 4),
      month: time.slice(5, 7),
      day: time.slice(8, 10),
      hour: time.slice(11, 13),
      // Ours, and harmless; whatever an id looks like some day, a key stays a key.
      id: id.slice(0, 100).replaceAll(/[^A-Za-z0-9_-]/g, '_'),
      random: randomBytes(12).toString('hex'),
    };
    return this.pieces.map((piece) => ('text' in piece ? piece.text : values[piece.name])).join('');
  }
}

function literal(text: string): string {
  if (!LITERAL.test(text)) throw new RangeError("expected letters, digits and ! _ . * ' ( ) / = - beside placeholders");
  return text;
}

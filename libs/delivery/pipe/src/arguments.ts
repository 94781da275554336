/**
 * The program's arguments: templates, and what their placeholders stand for (attack A11).
 *
 * A value is replaced within its one argument: there is no shell, and nothing is ever split, joined or read again. What is left to go wrong is an
 * argument that begins with a value that begins with `-`, which the program would take for an option. Such a value is refused, unless the
 * arguments have a `--` before it, behind which programs have no options.
 */

/** What may stand in an argument of any program. */
const OF_MESSAGE = ['sender', 'id', 'size', 'client'] as const;
/** What there is only where a program is run for one recipient. */
const OF_RECIPIENT = ['recipient', 'local', 'user', 'extension', 'domain'] as const;
/** Stands alone, and becomes an argument for each recipient. */
const ALL = 'recipients';

export type Placeholder = (typeof OF_MESSAGE)[number] | (typeof OF_RECIPIENT)[number];
export type Values = ReadonlyMap<Placeholder, string>;

/** How often the program is run. */
export type Each = 'message' | 'recipient';

type Piece = { readonly text: string } | { readonly name: Placeholder };

interface Argument {
  readonly pieces: readonly Piece[] | typeof ALL;
  /** True where a `-` at the beginning can't be an option. */
  readonly afterDashes: boolean;
}

/** A value begins with `-` where it must not. */
export interface OptionLike {
  readonly name: Placeholder | typeof ALL;
  readonly value: string;
}

/** The arguments as they stand in the configuration. */
export class ArgumentList {
  private readonly list: readonly Argument[];

  /** @throws {RangeError} for a placeholder that is none, or is none here; says which. */
  constructor(templates: readonly string[], each: Each) {
    const dashes = templates.indexOf('--');
    this.list = templates.map((template, i) => ({
      pieces: parse(template, each),
      afterDashes: dashes !== -1 && dashes < i,
    }));
  }

  /** The arguments of one run, or the first value that would be taken for an option. */
  fill(values: Values, recipients: readonly string[]): readonly string[] | OptionLike {
    const filled: string[] = [];
    for (const { pieces, afterDashes } of this.list) {
      if (pieces === ALL) {
        const bad = afterDashes ? undefined : recipients.find(isOptionLike);
        if (bad !== undefined) return { name: ALL, value: bad };
        filled.push(...recipients);
        continue;
      }
      const text = pieces.map((piece) => ('text' in piece ? piece.text : (values.get(piece.name) ?? ''))).join('');
      const [first] = pieces;
      if (!afterDashes && first !== undefined && 'name' in first && isOptionLike(text)) {
        return { name: first.name, value: text };
      }
      filled.push(text);
    }
    return filled;
  }
}

function isOptionLike(text: string): boolean {
  return text.startsWith('-');
}

/** `{name}` is a placeholder, `{{` is `{`. */
function parse(template: string, each: Each): Argument['pieces'] {
  if (template === `{${ALL}}` && each === 'message') return ALL;
  const pieces: Piece[] = [];
  let text = '';
  for (let at = 0; at < template.length;) {
    if (template[at] !== '{') {
      text += template[at];
      at += 1;
    } else if (template[at + 1] === '{') {
      text += '{';
      at += 2;
    } else {
      const end = template.indexOf('}', at);
      const name = end === -1 ? template.slice(at) : template.slice(at + 1, end);
      const placeholder = allowed(each).find((one) => one === name);
      if (placeholder === undefined) throw new RangeError(complaint(name, each));
      if (text !== '') pieces.push({ text });
      text = '';
      pieces.push({ name: placeholder });
      at = end + 1;
    }
  }
  if (text !== '') pieces.push({ text });
  return pieces;
}

function allowed(each: Each): readonly Placeholder[] {
  return each === 'recipient' ? [...OF_MESSAGE, ...OF_RECIPIENT] : OF_MESSAGE;
}

function complaint(name: string, each: Each): string {
  if (name === ALL) {
    return each === 'message' ? `{${ALL}} must be an argument of its own` : `{${ALL}} needs each: message`;
  }
  if (OF_RECIPIENT.some((one) => one === name)) return `{${name}} needs each: recipient`;
  return `unknown placeholder ${name} (write {{ for a brace); known: ${allowed(each).join(', ')}`;
}

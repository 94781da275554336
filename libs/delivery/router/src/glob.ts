/** Patterns with `*` for any run of characters, and nothing else: no regular expression comes from a configuration (attack A8). */

/** A pattern, taken apart once. Compares without regard to case. */
export class Glob {
  private readonly first: string;
  private readonly middle: readonly string[];
  /** Undefined where there is no `*`. */
  private readonly last: string | undefined;

  constructor(pattern: string) {
    const [first = '', ...others] = pattern.toLowerCase().split('*');
    this.first = first;
    this.last = others.pop();
    this.middle = others.filter((piece) => piece !== '');
  }

  /** The first place where a piece fits is as good as any, so nothing is tried twice. */
  matches(text: string): boolean {
    const { first, middle, last } = this;
    const folded = text.toLowerCase();
    if (last === undefined) return folded === first;
    if (!folded.startsWith(first)) return false;
    let at = first.length;
    for (const piece of middle) {
      const found = folded.indexOf(piece, at);
      if (found === -1) return false;
      at = found + piece.length;
    }
    return folded.length - last.length >= at && folded.endsWith(last);
  }
}

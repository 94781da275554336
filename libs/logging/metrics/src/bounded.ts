/**
 * Labels whose values come from the assembly (names of listeners, policies, limits) are few. That nobody can make them many is not left to that:
 * each metric has a number of rows that it does not exceed, and what comes after them is counted as `other` (attack A13).
 */
import type { Counter } from 'prom-client';

/** What stands for a value that is not known, or one too many. */
export const OTHER = 'other';

const MOST_ROWS = 500;

/** A row of a counter. */
type Row = Counter.Internal;

/** A counter whose rows are looked up once: a row costs prom-client more than the counting does. */
export class BoundedCounter<L extends string> {
  private readonly rows = new Map<string, Row>();

  constructor(
    private readonly counter: Counter<L>,
    private readonly labels: number,
  ) {}

  /** Adds to the row of these values, one for each label in their order. */
  add(values: readonly string[], count = 1): void {
    // No value has a NUL: text from the network was cleaned, and names come from the configuration.
    const key = values.join('\0');
    let row = this.rows.get(key);
    if (row === undefined) {
      const known = this.rows.size < MOST_ROWS;
      row = this.counter.labels(...(known ? values : Array.from({ length: this.labels }, () => OTHER)));
      if (known) this.rows.set(key, row);
    }
    row.inc(count);
  }
}

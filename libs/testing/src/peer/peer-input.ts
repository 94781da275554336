/** What a client sends, taken piece by piece by whoever wants a line, the mail data or so many octets. */

const LF = 0x0a;
const DOT = 0x2e;
const LAST = Buffer.from('.\r\n');
const END = Buffer.from('\r\n.\r\n');
const EMPTY = Buffer.alloc(0);

/** One reader at a time. Undefined stands for the end of the connection. */
export class PeerInput {
  private held: Buffer = EMPTY;
  private over = false;
  private wake: (() => void) | undefined;
  private starving: (() => void) | undefined;

  /** Octets that nobody has taken yet. */
  get length(): number {
    return this.held.length;
  }

  push(chunk: Buffer): void {
    this.held = this.held.length === 0 ? chunk : Buffer.concat([this.held, chunk]);
    this.stir();
  }

  end(): void {
    this.over = true;
    this.stir();
  }

  /** Drops what nobody has taken. */
  clear(): number {
    const { length } = this.held;
    this.held = EMPTY;
    return length;
  }

  /** Calls back when somebody wants more than has come: all that could be done with it was done. */
  whenStarving(call: () => void): void {
    this.starving = call;
    if (this.wake !== undefined) call();
  }

  /** A line with its end. */
  async line(): Promise<Buffer | undefined> {
    for (let from = 0; ;) {
      const at = this.held.indexOf(LF, from);
      if (at !== -1) return this.take(at + 1);
      from = this.held.length;
      if (!(await this.more())) return undefined;
    }
  }

  /** Mail data up to the dot, un-stuffed. */
  async dotted(): Promise<Buffer | undefined> {
    for (let from = 0; ;) {
      if (this.held.subarray(0, LAST.length).equals(LAST)) {
        this.take(LAST.length);
        return EMPTY;
      }
      const at = this.held.indexOf(END, from);
      if (at !== -1) {
        const stuffed = this.take(at + 2);
        this.take(LAST.length);
        return unstuff(stuffed);
      }
      from = Math.max(0, this.held.length - END.length + 1);
      if (!(await this.more())) return undefined;
    }
  }

  async octets(count: number): Promise<Buffer | undefined> {
    while (this.held.length < count) if (!(await this.more())) return undefined;
    return this.take(count);
  }

  /** True when something is there. */
  async some(): Promise<boolean> {
    while (this.held.length === 0) if (!(await this.more())) return false;
    return true;
  }

  /** Resolves at the end of the connection. */
  async ended(): Promise<void> {
    while (await this.more()) this.clear();
  }

  private take(count: number): Buffer {
    const taken = this.held.subarray(0, count);
    this.held = this.held.subarray(count);
    return taken;
  }

  private async more(): Promise<boolean> {
    if (this.over) return false;
    const come = new Promise<void>((resolve) => {
      this.wake = resolve;
    });
    this.starving?.();
    await come;
    return true;
  }

  private stir(): void {
    const { wake } = this;
    this.wake = undefined;
    wake?.();
  }
}

function unstuff(data: Buffer): Buffer {
  const lines: Buffer[] = [];
  for (let at = 0; at < data.length;) {
    const lf = data.indexOf('\r\n', at);
    const next = lf === -1 ? data.length : lf + 2;
    lines.push(data.subarray(data[at] === DOT ? at + 1 : at, next));
    at = next;
  }
  return Buffer.concat(lines);
}

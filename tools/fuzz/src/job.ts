/** What the main thread and the thread that fuzzes a target say to each other. */
import type { Finding } from './engine/fuzz.js';

/** What to do. */
export interface Job {
  readonly target: string;
  readonly corpus: string;
  readonly seed: number;
  readonly milliseconds: number;
  readonly runs: number | undefined;
  /** The input at hand: see {@link CurrentInput}. */
  readonly shared: SharedArrayBuffer;
}

/** What came of it. */
export interface JobResult {
  readonly runs: number;
  readonly findings: readonly Finding[];
  readonly kept: readonly Uint8Array[];
}

const HEADER = 8;
const ROOM = 128 * 1024;

/** The input that is being tried, where the other thread can read it even while this one never comes back from it. */
export class CurrentInput {
  private readonly header: Int32Array;
  private readonly bytes: Uint8Array;

  constructor(readonly shared: SharedArrayBuffer = new SharedArrayBuffer(HEADER + ROOM)) {
    this.header = new Int32Array(shared, 0, 2);
    this.bytes = new Uint8Array(shared, HEADER);
  }

  /** Changes with each input. */
  get count(): number {
    return Atomics.load(this.header, 0);
  }

  set(input: Uint8Array): void {
    this.bytes.set(input.subarray(0, ROOM));
    Atomics.store(this.header, 1, Math.min(input.length, ROOM));
    Atomics.add(this.header, 0, 1);
  }

  get(): Uint8Array {
    return Uint8Array.from(this.bytes.subarray(0, Atomics.load(this.header, 1)));
  }
}

/**
 * Finds the next line break in mail data that needs a decision.
 *
 * Strict CRLF means looking at every byte (attack A1). Byte by byte in JavaScript that costs more than everything else that is done to a large
 * message together, so a WebAssembly function of a hundred bytes (scan.wat) looks at 16 at once: about as fast as a native search for the end of
 * data alone. What it stops at is looked at here, and where there is no WebAssembly everything is.
 */

const CR = 13;
const LF = 10;
const DOT = 46;

/** scan.wat, assembled: `npx wat2wasm` of the package wabt, in base64. */
export const SCAN_WASM =
  'AGFzbQEAAAABCAFgA39/fwF/AwIBAAUDAQACBxECBm1lbW9yeQIABHNjYW4AAAplAWMBBXtBDf0PIQVBCv0PIQYgAv0PIQcCQANAIABBEGogAUsNASAA/QAAASEDIAD9AAAAIQQgAyAG/SMgBCAF/SP9USADIAf9IyAEIAb9I/1O/VD9Uw0BIABBEGohAAwACwsgAAs=';

/** Below this the copy into the module's memory costs more than it saves. */
const WORTH_IT = 64;
/** Octets of the module's memory that hold data, after the one byte before it: two pages, and room for the last load. */
const WINDOW = 128 * 1024 - 32;

/** The part of the platform's WebAssembly that is used: this library's types know no platform. */
declare const WebAssembly: {
  readonly Module: new (binary: Uint8Array) => object;
  readonly Instance: new (module: object) => {
    readonly exports: { readonly memory: { readonly buffer: ArrayBuffer }; readonly scan: Scanner['scan'] };
  };
};

interface Scanner {
  readonly memory: Uint8Array;
  scan(at: number, end: number, mark: number): number;
}

const scanner = instantiate();

// What is in the module's memory now. A chunk full of dots is looked at many times, and must not be copied as often.
let loaded: Uint8Array | undefined;
let loadedFrom = 0;
let loadedTo = 0;

/**
 * The first index in `[from, end)` of a byte that cannot be passed over: a CR not followed by LF here (bare, or the last byte), an LF without
 * a CR before it, or, if `dots`, the CR of a CRLF followed by a dot. `end` if there is none: then every line break was a clean CRLF.
 */
export function findBreak(bytes: Uint8Array, from: number, end: number, dots: boolean): number {
  let at = from;
  if (scanner !== undefined) {
    // Where dots do not matter the mark is LF: an LF behind an LF stops it anyway.
    const mark = dots ? DOT : LF;
    while (end - at >= WORTH_IT) {
      load(scanner, bytes, at);
      const blocks = Math.min(end, loadedTo) - loadedFrom;
      const stop = scanner.scan(at - loadedFrom, blocks, mark) + loadedFrom;
      const found = look(bytes, Math.max(at, stop - 2), Math.min(end, stop + 16), dots);
      if (found !== -1) return found;
      at = Math.min(end, stop + 16);
    }
  }
  const found = look(bytes, at, end, dots);
  return found === -1 ? end : found;
}

/** Says that the bytes just looked at are done with: whoever owns them may put others in their place. */
export function forget(): void {
  loaded = undefined;
}

function look(bytes: Uint8Array, from: number, end: number, dots: boolean): number {
  for (let i = from; i < end; i++) {
    const byte = bytes[i];
    // The bounds are checked so that no load is ever out of bounds, which would make it slow for everybody after.
    if (byte === CR) {
      if (i + 1 >= bytes.length || bytes[i + 1] !== LF) return i;
      if (dots && i + 2 < bytes.length && bytes[i + 2] === DOT) return i;
    } else if (byte === LF && (i === 0 || bytes[i - 1] !== CR)) {
      return i;
    }
  }
  return -1;
}

function load({ memory }: Scanner, bytes: Uint8Array, at: number): void {
  if (loaded === bytes && at >= loadedFrom && at < loadedTo) return;
  loaded = bytes;
  loadedFrom = at;
  loadedTo = Math.min(bytes.length, at + WINDOW);
  memory[0] = at === 0 ? 0 : (bytes[at - 1] as number);
  memory.set(at === 0 && loadedTo === bytes.length ? bytes : bytes.subarray(at, loadedTo), 1);
}

function instantiate(): Scanner | undefined {
  try {
    const binary = Uint8Array.from(atob(SCAN_WASM), (c) => c.charCodeAt(0));
    const { memory, scan } = new WebAssembly.Instance(new WebAssembly.Module(binary)).exports;
    return { memory: new Uint8Array(memory.buffer), scan };
  } catch {
    // No WebAssembly, or none with SIMD: slower, and otherwise the same.
    return undefined;
  }
}

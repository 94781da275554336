/**
 * How states stand in the store. Each value says what it is by its first octets, and a triple's and a network's have the name in them:
 * keys are hashes in some stores, and whoever lists what is kept has the values alone.
 */
import type { State } from './judge.js';
import { decodeTriple, type Triple } from './triple.js';

/** The letter g, and the version. */
const MARK = 0x6701;
const TRIPLE = 0x74;
const NETWORK = 0x6e;
/** Mark and kind, then what each kind has. */
const HEAD = 3;
const TIME = 6;
const TRIPLE_HEAD = HEAD + 1 + 2 * TIME;
const NETWORK_HEAD = HEAD + 4 + TIME;

/** A network whose triples have passed. */
export interface NetworkState {
  /** How many. */
  readonly passed: number;
  /** When it was used last. */
  readonly used: number;
}

/** @param names the triple, as `encodeTriple` has it. */
export function encodeState({ passed, since, used }: State, names: Uint8Array): Buffer {
  const octets = start(TRIPLE, TRIPLE_HEAD + names.length);
  octets.writeUInt8(passed ? 1 : 0, HEAD);
  octets.writeUIntBE(since, HEAD + 1, TIME);
  octets.writeUIntBE(used, HEAD + 1 + TIME, TIME);
  octets.set(names, TRIPLE_HEAD);
  return octets;
}

/** @throws for what this policy has not written: nobody passes by it. */
export function decodeState(value: Uint8Array): State {
  const octets = view(value);
  if (!is(octets, TRIPLE, TRIPLE_HEAD)) throw new Error('the store has something else than the state of a triple');
  return {
    passed: octets.readUInt8(HEAD) === 1,
    since: octets.readUIntBE(HEAD + 1, TIME),
    used: octets.readUIntBE(HEAD + 1 + TIME, TIME),
  };
}

/** The triple and its state; undefined for another value. */
export function readTriple(value: Uint8Array): (Triple & { readonly state: State }) | undefined {
  const octets = view(value);
  if (!is(octets, TRIPLE, TRIPLE_HEAD)) return undefined;
  const triple = decodeTriple(octets.subarray(TRIPLE_HEAD));
  return triple && { ...triple, state: decodeState(value) };
}

export function encodeNetwork({ passed, used }: NetworkState, network: string): Buffer {
  const octets = start(NETWORK, NETWORK_HEAD + network.length);
  octets.writeUInt32BE(passed, HEAD);
  octets.writeUIntBE(used, HEAD + 4, TIME);
  octets.write(network, NETWORK_HEAD, 'latin1');
  return octets;
}

/** @throws for what this policy has not written. */
export function decodeNetwork(value: Uint8Array): NetworkState {
  const octets = view(value);
  if (!is(octets, NETWORK, NETWORK_HEAD)) throw new Error('the store has something else than the state of a network');
  return { passed: octets.readUInt32BE(HEAD), used: octets.readUIntBE(HEAD + 4, TIME) };
}

/** The network and its state; undefined for another value. */
export function readNetwork(value: Uint8Array): { readonly network: string; readonly state: NetworkState } | undefined {
  const octets = view(value);
  if (!is(octets, NETWORK, NETWORK_HEAD)) return undefined;
  return { network: octets.toString('latin1', NETWORK_HEAD), state: decodeNetwork(value) };
}

function start(kind: number, length: number): Buffer {
  const octets = Buffer.allocUnsafe(length);
  octets.writeUInt16BE(MARK, 0);
  octets.writeUInt8(kind, 2);
  return octets;
}

function is(octets: Buffer, kind: number, least: number): boolean {
  return octets.length >= least && octets.readUInt16BE(0) === MARK && octets.readUInt8(2) === kind;
}

function view({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

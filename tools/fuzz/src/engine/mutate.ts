/** Makes a new input from known ones: small damage, parts of others, words, numbers. */
import { NUMBERS, OCTETS, TOKENS } from './dictionary.js';
import type { Random } from './random.js';

/** What inputs are made from. */
export interface Material {
  /** Inputs that are known; at least one. */
  readonly pool: readonly Uint8Array[];
  /** The target's own words, in latin1. */
  readonly tokens: readonly string[];
  /** Octets of the longest input. */
  readonly maxLength: number;
}

type Mutation = (bytes: Buffer, random: Random, material: Material) => Buffer;

/** A known input, changed one to eight times. */
export function mutate(material: Material, random: Random): Buffer {
  let bytes: Buffer = Buffer.from(random.pick(material.pool));
  for (let left = 1 + random.below(random.oneIn(3) ? 8 : 3); left > 0; left--) {
    bytes = random.pick(MUTATIONS)(bytes, random, material);
  }
  return bytes.subarray(0, material.maxLength);
}

/** The input grown to `size` octets by repeating a part of it: what is quadratic shows by its time. */
export function pump(input: Uint8Array, size: number, random: Random): Buffer {
  const bytes = Buffer.from(input);
  if (bytes.length === 0) return Buffer.alloc(size, random.pick(OCTETS));
  const from = random.below(bytes.length);
  const part = bytes.subarray(from, from + random.length(Math.min(64, bytes.length - from)));
  const room = Math.max(0, size - bytes.length);
  return Buffer.concat([bytes.subarray(0, from), Buffer.alloc(room, part), bytes.subarray(from)]).subarray(0, size);
}

const MUTATIONS: readonly Mutation[] = [
  function flipBit(bytes, random) {
    const at = random.below(bytes.length);
    return replaced(bytes, at, 1, Buffer.of((bytes[at] ?? 0) ^ (1 << random.below(8))));
  },
  function setOctet(bytes, random) {
    return replaced(bytes, random.below(bytes.length), 1, octet(random));
  },
  function insertOctet(bytes, random) {
    return replaced(bytes, random.below(bytes.length + 1), 0, octet(random));
  },
  function insertRun(bytes, random) {
    return replaced(bytes, random.below(bytes.length + 1), 0, Buffer.alloc(random.length(300), octet(random)));
  },
  function remove(bytes, random) {
    const at = random.below(bytes.length);
    return replaced(bytes, at, random.length(bytes.length - at), Buffer.alloc(0));
  },
  function truncate(bytes, random) {
    return bytes.subarray(0, random.below(bytes.length + 1));
  },
  function duplicate(bytes, random) {
    const part = partOf(bytes, random);
    return replaced(bytes, random.below(bytes.length + 1), 0, part);
  },
  function repeat(bytes, random) {
    const at = random.below(bytes.length);
    const part = bytes.subarray(at, at + random.length(Math.min(32, bytes.length - at)));
    return replaced(bytes, at, 0, Buffer.concat(Array<Buffer>(random.length(64)).fill(part)));
  },
  function insertToken(bytes, random, { tokens }) {
    return replaced(bytes, random.below(bytes.length + 1), 0, token(random, tokens));
  },
  function overwriteByToken(bytes, random, { tokens }) {
    const word = token(random, tokens);
    return replaced(bytes, random.below(bytes.length), random.oneIn(2) ? word.length : random.length(16), word);
  },
  function changeNumber(bytes, random) {
    return changedNumber(bytes, random);
  },
  function changeLineEnd(bytes, random) {
    const ends: number[] = [];
    for (let at = 0; at < bytes.length; at++) if (bytes[at] === 10 || bytes[at] === 13) ends.push(at);
    if (ends.length === 0) return Buffer.concat([bytes, Buffer.from('\r\n')]);
    const how = random.pick(['', '\r', '\n', '\r\n', '\n\r', '\r\r\n', '.']);
    return replaced(bytes, random.pick(ends), 1, Buffer.from(how));
  },
  function changeCase(bytes, random) {
    const at = random.below(bytes.length);
    const part = Buffer.from(bytes.subarray(at, at + random.length(8)));
    for (let i = 0; i < part.length; i++)
      if (/[a-z]/i.test(String.fromCharCode(part[i] ?? 0))) part[i] = (part[i] ?? 0) ^ 32;
    return replaced(bytes, at, part.length, part);
  },
  function splice(bytes, random, { pool }) {
    const other = random.pick(pool);
    return Buffer.concat([
      bytes.subarray(0, random.below(bytes.length + 1)),
      Buffer.from(other).subarray(random.below(other.length + 1)),
    ]);
  },
  function insertPartOfOther(bytes, random, { pool }) {
    return replaced(bytes, random.below(bytes.length + 1), 0, partOf(Buffer.from(random.pick(pool)), random));
  },
];

function replaced(bytes: Buffer, at: number, length: number, by: Uint8Array): Buffer {
  return Buffer.concat([bytes.subarray(0, at), by, bytes.subarray(at + length)]);
}

function octet(random: Random): Buffer {
  return Buffer.of(random.oneIn(2) ? random.below(256) : random.pick(OCTETS));
}

function token(random: Random, own: readonly string[]): Buffer {
  const from = own.length > 0 && !random.oneIn(3) ? own : random.oneIn(6) ? NUMBERS : TOKENS;
  return Buffer.from(random.pick(from), 'latin1');
}

function partOf(bytes: Buffer, random: Random): Buffer {
  const at = random.below(bytes.length);
  return bytes.subarray(at, at + random.length(Math.max(1, bytes.length - at)));
}

function changedNumber(bytes: Buffer, random: Random): Buffer {
  const numbers = [...bytes.toString('latin1').matchAll(/\d+/g)];
  const number = Buffer.from(random.pick(NUMBERS));
  if (numbers.length === 0) return replaced(bytes, random.below(bytes.length + 1), 0, number);
  const [digits, { index }] = ((match) => [match[0], match] as const)(random.pick(numbers));
  return replaced(bytes, index, digits.length, number);
}

/** The file of the authenticator static, in its two forms. What is wrong in it is said with its line, and without a hash. */
import { prepareName } from '@mailverb/sasl-text';
import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node } from 'yaml';
import { parsePasswordHash, type PasswordHash } from './password-hash.js';
import { UsersError, type User } from './users.js';

/** How it is written. */
export type UsersFormat = 'yaml' | 'lines';

/** By its name, where nobody says. */
export function formatOf(file: string): UsersFormat {
  return /\.(?:ya?ml|json)$/i.test(file) ? 'yaml' : 'lines';
}

/** Reads it. @throws {UsersError} at the first thing that can't be meant. */
export function parseUsers(text: string, format: UsersFormat): readonly User[] {
  return format === 'yaml' ? fromYaml(text) : fromLines(text);
}

function fromLines(text: string): readonly User[] {
  return text.split(/\r?\n/).flatMap((written, i): User[] => {
    const line = i + 1;
    if (written.trim() === '' || written.startsWith('#')) return [];
    const colon = written.indexOf(':');
    if (colon === -1) throw new UsersError(line, 'expected name:hash');
    const hashes = written
      .slice(colon + 1)
      .trim()
      .split(/\s+/);
    return [
      {
        name: nameOf(written.slice(0, colon), line),
        line,
        hashes: hashes.map((hash) => hashOf(hash, line)),
        mayActAs: [],
        certificates: [],
      },
    ];
  });
}

const KEYS = ['password', 'scram-sha-256', 'scram-sha-1', 'mayActAs', 'certificates'];

function fromYaml(text: string): readonly User[] {
  const lines = new LineCounter();
  const document: Document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const lineOf = (node: unknown): number => {
    const [start] = (node as Node | null)?.range ?? [0];
    return lines.linePos(start).line;
  };
  const [error] = document.errors;
  if (error !== undefined) throw new UsersError(lines.linePos(error.pos[0]).line, `this is not YAML (${error.code})`);
  const users = isMap(document.contents) ? document.contents.get('users', true) : undefined;
  if (!isMap(users)) throw new UsersError(1, 'expected "users:", and names below it');
  const others = isMap(document.contents) ? document.contents.items.filter(({ key }) => textOf(key) !== 'users') : [];
  if (others[0] !== undefined) throw new UsersError(lineOf(others[0].key), 'expected nothing but "users:" at the top');
  return users.items.map(({ key, value }) => {
    const line = lineOf(key);
    const name = nameOf(textOf(key) ?? '', line);
    if (!isMap(value)) {
      return { name, line, hashes: hashesOf(textOf(value), line), mayActAs: [], certificates: [] };
    }
    for (const { key: option } of value.items) {
      const known = KEYS.includes(textOf(option) ?? '');
      if (!known) throw new UsersError(lineOf(option), `unknown key of ${name}; known are ${KEYS.join(', ')}`);
    }
    const list = (option: string): readonly string[] => {
      const node: unknown = value.get(option, true);
      if (node === undefined) return [];
      const texts = isSeq(node) ? node.items.map(textOf) : [undefined];
      return texts.map((one) => {
        if (one === undefined) throw new UsersError(lineOf(node), `expected a list of names at ${option}`);
        return one;
      });
    };
    const hashes = KEYS.slice(0, 3).flatMap((option) => {
      const node: unknown = value.get(option, true);
      if (node === undefined) return [];
      const [hash, ...more] = hashesOf(textOf(node), lineOf(node));
      const right = option === 'password' || `scram-${hash?.scram?.hash.toLowerCase()}` === option;
      if (hash === undefined || more.length > 0 || !right) {
        throw new UsersError(lineOf(node), `expected one hash of its kind at ${option}`);
      }
      return [hash];
    });
    return { name, line, hashes, mayActAs: list('mayActAs'), certificates: list('certificates') };
  });
}

function textOf(node: unknown): string | undefined {
  if (!isScalar(node)) return undefined;
  return typeof node.value === 'string' || typeof node.value === 'number' ? String(node.value) : undefined;
}

function nameOf(text: string, line: number): string {
  const name = prepareName(text);
  if (name === undefined)
    throw new UsersError(line, 'expected a name: not empty, at most 255 octets, no control characters');
  return name;
}

function hashesOf(text: string | undefined, line: number): readonly PasswordHash[] {
  if (text === undefined) throw new UsersError(line, 'expected a hash, or keys such as password and certificates');
  return text
    .trim()
    .split(/\s+/)
    .map((hash) => hashOf(hash, line));
}

/** What stands there is not shown: it may be a password. */
function hashOf(text: string, line: number): PasswordHash {
  const hash = parsePasswordHash(text);
  if (hash !== undefined) return hash;
  throw new UsersError(
    line,
    'expected a hash of scrypt, bcrypt or SCRAM that is not too cheap; passwords are never kept in clear',
  );
}

/** Makes and writes entries of the file, for the command line. */
import { prepareName, saslPrep } from '@mailverb/sasl-text';
import { Document, isMap, parseDocument, type YAMLMap } from 'yaml';
import { makeScram, makeScrypt } from './password-hash.js';
import type { UsersFormat } from './users-file.js';

/** As many as the mechanism SCRAM says of names that it does not know: others could be told apart. */
const ITERATIONS = 10_000;

/** What of a password may be kept: a hash that is slow to guess (scrypt), and keys for the mechanisms SCRAM. */
export type EntryKind = 'password' | 'scram-sha-256' | 'scram-sha-1';

/** Somebody's entry. */
export type Entry = { readonly name: string } & { readonly [K in EntryKind]?: string };

const MAKERS: ReadonlyMap<EntryKind, (secret: string) => Promise<string>> = new Map([
  ['password', makeScrypt],
  ['scram-sha-256', (secret) => makeScram(secret, 'SHA-256', ITERATIONS)],
  ['scram-sha-1', (secret) => makeScram(secret, 'SHA-1', ITERATIONS)],
]);

/**
 * Makes one.
 * @param kinds what is kept; default all, so that every mechanism with a password can be used.
 * @throws RangeError for a name or a password that can't be one, or where nothing is kept.
 */
export async function makeEntry(
  name: string,
  password: string,
  kinds: readonly EntryKind[] = [...MAKERS.keys()],
): Promise<Entry> {
  const prepared = prepareName(name);
  if (prepared === undefined)
    throw new RangeError('no name: expected text of at most 255 octets without control characters');
  if (password === '' || password.includes('\0')) throw new RangeError('no password: expected text without NUL');
  // As mechanisms take it: prepared where it can be.
  const secret = saslPrep(password) ?? password;
  if (Buffer.byteLength(secret) > 255) throw new RangeError('no password: expected at most 255 octets');
  if (kinds.length === 0) throw new RangeError('no kind of hash');
  const hashes = new Map<string, string>();
  for (const [kind, make] of MAKERS) if (kinds.includes(kind)) hashes.set(kind, await make(secret));
  return { name: prepared, ...Object.fromEntries(hashes) };
}

/** The text of a file with the entry put in: in the place of the one of this name, if there is one. What else stands there stays. */
export function putEntry(text: string, format: UsersFormat, entry: Entry): string {
  return format === 'yaml' ? putYaml(text, entry) : putLine(text, entry);
}

function putYaml(text: string, { name, ...hashes }: Entry): string {
  const document: Document = text.trim() === '' ? new Document({ users: {} }) : parseDocument(text);
  const users = usersIn(document);
  // Written as `{}`, it would go on in one line.
  if (users.items.length === 0) users.flow = false;
  // A hash alone, as it may stand there, is that of the password that was.
  if (!isMap(users.get(name))) users.set(name, document.createNode({}));
  for (const kind of MAKERS.keys()) {
    const hash = hashes[kind];
    // Keys of the password that was would let in whoever knows that one.
    if (hash === undefined) users.deleteIn([name, kind]);
    else users.setIn([name, kind], hash);
  }
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

function usersIn(document: Document): YAMLMap {
  const { contents, errors } = document;
  if (errors.length > 0 || (contents !== null && !isMap(contents)))
    throw new Error('it is no YAML with "users:" at the top');
  // Nothing but comments, or nothing below it.
  if ((document.get('users') ?? null) === null) document.set('users', document.createNode({}));
  const users = document.get('users');
  if (!isMap(users)) throw new Error('expected names below "users:"');
  return users;
}

function putLine(text: string, { name, ...hashes }: Entry): string {
  if (name.includes(':')) throw new RangeError('no name for this form of file, in which a colon ends it');
  const line = `${name}:${Object.values(hashes).join(' ')}`;
  const lines = text.split(/\r?\n/);
  const at = lines.findIndex((one) => one.startsWith(`${name}:`));
  if (at !== -1) lines[at] = line;
  else lines.splice(lines.at(-1) === '' ? -1 : lines.length, 0, line);
  const joined = lines.join('\n');
  return joined.endsWith('\n') ? joined : `${joined}\n`;
}

/** Makes and writes entries of the file, for the command line. */
import { prepareName, saslPrep } from '@mailverb/sasl-text';
import { Document, isMap, parseDocument } from 'yaml';
import { makeScram, makeScrypt } from './password-hash.js';
import type { UsersFormat } from './users-file.js';

/** As many as the mechanism SCRAM says of names that it does not know: others could be told apart. */
const ITERATIONS = 10_000;

/** Somebody's entry: hashes that every mechanism with a password can use. */
export interface Entry {
  readonly name: string;
  readonly password: string;
  readonly 'scram-sha-256': string;
  readonly 'scram-sha-1': string;
}

/** Makes one. @throws RangeError for a name or a password that can't be one. */
export async function makeEntry(name: string, password: string): Promise<Entry> {
  const prepared = prepareName(name);
  if (prepared === undefined)
    throw new RangeError('no name: expected text of at most 255 octets without control characters');
  if (password === '' || password.includes('\0')) throw new RangeError('no password: expected text without NUL');
  // As mechanisms take it: prepared where it can be.
  const secret = saslPrep(password) ?? password;
  if (Buffer.byteLength(secret) > 255) throw new RangeError('no password: expected at most 255 octets');
  return {
    name: prepared,
    password: await makeScrypt(secret),
    'scram-sha-256': await makeScram(secret, 'SHA-256', ITERATIONS),
    'scram-sha-1': await makeScram(secret, 'SHA-1', ITERATIONS),
  };
}

/** The text of a file with the entry put in: in the place of the one of this name, if there is one. What else stands there stays. */
export function putEntry(text: string, format: UsersFormat, { name, ...hashes }: Entry): string {
  if (format === 'yaml') {
    const document: Document = text.trim() === '' ? new Document({ users: {} }) : parseDocument(text);
    const users = document.get('users');
    // Written as `{}`, it would go on in one line.
    if (isMap(users) && users.items.length === 0) users.flow = false;
    for (const [key, hash] of Object.entries(hashes)) document.setIn(['users', name, key], hash);
    return document.toString({ lineWidth: 0, flowCollectionPadding: false });
  }
  if (name.includes(':')) throw new RangeError('no name for this form of file, in which a colon ends it');
  const line = `${name}:${Object.values(hashes).join(' ')}`;
  const lines = text.split(/\r?\n/);
  const at = lines.findIndex((one) => one.startsWith(`${name}:`));
  if (at !== -1) lines[at] = line;
  else lines.splice(lines.at(-1) === '' ? -1 : lines.length, 0, line);
  const joined = lines.join('\n');
  return joined.endsWith('\n') ? joined : `${joined}\n`;
}

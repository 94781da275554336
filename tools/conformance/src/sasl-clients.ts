/** The client's side of every mechanism, as short as it goes: what is sent, and what the secret in it looks like on its way. */
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import type { ClientReply, TestClient } from '@mailverb/testing';

/** Whom a client says to be, and how it proves it. */
export interface Credentials {
  readonly name: string;
  readonly password: string;
  readonly token: string;
}

/** One way to log in. */
export interface SaslScript {
  readonly mechanism: string;
  /** False if the client waits to be asked for its first words. */
  readonly initial: boolean;
  /** The answer to the nth challenge (of which the first, empty, one asks for what could be an initial response). */
  answer(credentials: Credentials, nth: number, challenge: Buffer): string;
}

const scripts: readonly (readonly [string, SaslScript['answer']])[] = [
  ['PLAIN', ({ name, password }) => `\0${name}\0${password}`],
  ['LOGIN', ({ name, password }, nth) => (nth === 0 ? name : password)],
  ['SCRAM-SHA-256', (credentials, nth, challenge) => scram('sha256', 32, credentials, nth, challenge)],
  ['SCRAM-SHA-1', (credentials, nth, challenge) => scram('sha1', 20, credentials, nth, challenge)],
  ['OAUTHBEARER', ({ token }, nth) => (nth === 0 ? `n,,\x01auth=Bearer ${token}\x01\x01` : '\x01')],
  ['XOAUTH2', ({ name, token }, nth) => (nth === 0 ? `user=${name}\x01auth=Bearer ${token}\x01\x01` : '')],
];

/** Every mechanism, with and without an initial response. */
export const SASL_SCRIPTS: readonly SaslScript[] = scripts.flatMap(([mechanism, answer]) =>
  [true, false].map((initial) => ({ mechanism, initial, answer })),
);

/** Logs in, or tries to. @returns the last reply. */
export async function logIn(client: TestClient, script: SaslScript, credentials: Credentials): Promise<ClientReply> {
  let nth = 0;
  const next = (challenge: string) => encode(script.answer(credentials, nth++, Buffer.from(challenge, 'base64')));
  let reply = await client.command(`AUTH ${script.mechanism}${script.initial ? ` ${next('')}` : ''}`);
  while (reply.code === 334 && nth < 5) reply = await client.command(next(reply.lines[0] ?? ''));
  return reply;
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64');
}

const NONCE = 'conformance';

/** RFC 5802, the client's part, without channel binding. */
function scram(hash: string, octets: number, { name, password }: Credentials, nth: number, challenge: Buffer): string {
  const bare = `n=${name},r=${NONCE}`;
  if (nth === 0) return `n,,${bare}`;
  // The server's last word.
  if (nth > 1) return '';
  const first = challenge.toString();
  const [, nonce = '', salt = '', count = ''] = /^r=([^,]*),s=([^,]*),i=(\d+)$/.exec(first) ?? [];
  const mac = (key: Uint8Array, text: string) => createHmac(hash, key).update(text).digest();
  const clientKey = mac(pbkdf2Sync(password, Buffer.from(salt, 'base64'), Number(count), octets, hash), 'Client Key');
  const without = `c=biws,r=${nonce}`;
  const signature = mac(createHash(hash).update(clientKey).digest(), `${bare},${first},${without}`);
  return `${without},p=${Buffer.from(clientKey.map((octet, i) => octet ^ (signature[i] ?? 0))).toString('base64')}`;
}

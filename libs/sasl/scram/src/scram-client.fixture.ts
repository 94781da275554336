/** The client's side of SCRAM, written from RFC 5802 and from nothing of the server's. For specs. */
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { SaslClientError, type SaslClient } from '@mailverb/testing';

/** What a client knows and wants. */
export interface ScramClientOptions {
  readonly hash: 'SHA-1' | 'SHA-256';
  readonly username: string;
  readonly password: string;
  readonly authzid?: string;
  /** `n`, `y`, or a type of channel binding. Default `n`. */
  readonly binding?: string;
  /** What binds, by the client's own view of the connection. */
  readonly bound?: Uint8Array;
  /** Random by default. */
  readonly nonce?: string;
  /** Said behind the nonce in the first and in the last message. */
  readonly extensions?: readonly [first: string, last: string];
}

const escape = (name: string): string => name.replaceAll('=', '=3D').replaceAll(',', '=2C');

/** A client; believes no server that does not know its keys. */
export function scramClient(options: ScramClientOptions): SaslClient {
  const {
    hash,
    username,
    password,
    authzid,
    binding = 'n',
    bound = new Uint8Array(0),
    extensions = ['', ''],
  } = options;
  const algorithm = hash === 'SHA-1' ? 'sha1' : 'sha256';
  const octets = hash === 'SHA-1' ? 20 : 32;
  const nonce = options.nonce ?? randomBytes(12).toString('hex');
  const flag = binding === 'n' || binding === 'y' ? binding : `p=${binding}`;
  const gs2 = `${flag},${authzid === undefined ? '' : `a=${escape(authzid)}`},`;
  const firstBare = `n=${escape(username)},r=${nonce}${extensions[0]}`;
  let verifier: string | undefined;
  const mac = (key: Uint8Array, text: string) => createHmac(algorithm, key).update(text).digest();

  function finalFor(serverFirst: string): string {
    const parts = /^r=([^,]+),s=([^,]+),i=([0-9]+)$/.exec(serverFirst);
    const [, both = '', salt = '', count = ''] = parts ?? [];
    if (parts === null) throw new SaslClientError('no message of a server');
    if (!both.startsWith(nonce) || both.length < nonce.length + 16) throw new SaslClientError('not my nonce');
    const salted = pbkdf2Sync(password, Buffer.from(salt, 'base64'), Number(count), octets, algorithm);
    const clientKey = mac(salted, 'Client Key');
    const channel = Buffer.concat([Buffer.from(gs2), bound]).toString('base64');
    const withoutProof = `c=${channel},r=${both}${extensions[1]}`;
    const signed = `${firstBare},${serverFirst},${withoutProof}`;
    const signature = mac(createHash(algorithm).update(clientKey).digest(), signed);
    const proof = Buffer.from(clientKey.map((octet, i) => octet ^ (signature[i] ?? 0)));
    verifier = `v=${mac(mac(salted, 'Server Key'), signed).toString('base64')}`;
    return `${withoutProof},p=${proof.toString('base64')}`;
  }

  return (challenge) => {
    const text = Buffer.from(challenge ?? []).toString();
    if (text === '') return Buffer.from(gs2 + firstBare);
    if (verifier === undefined) return Buffer.from(finalFor(text));
    if (text !== verifier) throw new SaslClientError('the server does not know my keys');
    return new Uint8Array(0);
  };
}

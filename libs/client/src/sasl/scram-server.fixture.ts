/** The server's side of SCRAM, written from RFC 5802 and from nothing of the client's. For specs. */
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';

/** Who is known, and how the server goes about it. */
export interface ScramServerOptions {
  readonly hash: 'SHA-1' | 'SHA-256';
  readonly username: string;
  readonly password: string;
  /** What it expects before the client's name: `n,,`. */
  readonly gs2: string;
  /** What binds, by the server's own view of the connection. */
  readonly bound?: Uint8Array;
  readonly iterations?: number;
  /** Said behind the first and the last message. */
  readonly extensions?: readonly [first: string, last: string];
}

/** A server that has accepted nobody yet. */
export class ScramServer {
  accepted = false;
  private serverFirst = '';
  private bare = '';

  constructor(private readonly options: ScramServerOptions) {}

  /** Its answer to the first message. @throws if that is not what it should be. */
  first(message: Uint8Array): Buffer {
    const { gs2, username, iterations = 4096, extensions = ['', ''] } = this.options;
    const text = Buffer.from(message).toString();
    if (!text.startsWith(`${gs2}n=${username},r=`)) throw new Error(`not the first message: ${text}`);
    this.bare = text.slice(gs2.length);
    const salt = Buffer.from('a salt, a salt').toString('base64');
    this.serverFirst = `${this.bare.slice(`n=${username},`.length)}srvr,s=${salt},i=${iterations}${extensions[0]}`;
    return Buffer.from(this.serverFirst);
  }

  /** Its answer to the last message: its signature, or an error. */
  final(message: Uint8Array): Buffer {
    const { hash, password, gs2, bound = new Uint8Array(0), iterations = 4096, extensions = ['', ''] } = this.options;
    const name = hash === 'SHA-1' ? 'sha1' : 'sha256';
    const octets = hash === 'SHA-1' ? 20 : 32;
    const salted = pbkdf2Sync(password, 'a salt, a salt', iterations, octets, name);
    const mac = (key: Uint8Array, text: string) => createHmac(name, key).update(text).digest();
    const [withoutProof = '', proof = ''] = Buffer.from(message).toString().split(',p=');
    const channel = Buffer.concat([Buffer.from(gs2), bound]).toString('base64');
    if (!withoutProof.startsWith(`c=${channel},r=`)) return Buffer.from('e=channel-bindings-dont-match');
    const signed = `${this.bare},${this.serverFirst},${withoutProof}`;
    const storedKey = createHash(name).update(mac(salted, 'Client Key')).digest();
    const signature = mac(storedKey, signed);
    const clientKey = Buffer.from(proof, 'base64').map((octet, i) => octet ^ (signature[i] ?? 0));
    this.accepted = createHash(name).update(clientKey).digest().equals(storedKey);
    if (!this.accepted) return Buffer.from('e=invalid-proof');
    return Buffer.from(`v=${mac(mac(salted, 'Server Key'), signed).toString('base64')}${extensions[1]}`);
  }
}

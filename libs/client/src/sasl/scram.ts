/**
 * SCRAM (RFC 5802, RFC 7677): we prove that we know the password and the server that it knows its keys, and neither says what it knows. The -PLUS
 * forms bind that to the TLS connection (RFC 5929, RFC 9266), so that it is worth nothing to somebody in between.
 */
import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import type { ChannelBinding, ScramHash } from '@mailverb/contract';
import { encodeBase64, saslPrep } from '@mailverb/sasl-text';
import { part, type PasswordCredentials } from './credentials.js';
import { escapeSaslName, gs2Header } from './gs2.js';
import type { ClientExchange, ClientMechanism } from './mechanism.js';
import { SaslError } from './sasl-error.js';
import { parseServerFinal, parseServerFirst, type ServerFirst } from './scram-messages.js';

/** How we bind: to the channel, by data of that type; `could`: we would, and no -PLUS is offered; `no`: we can't. */
export type ScramBinding = { readonly type: ChannelBinding; readonly data: Uint8Array } | 'could' | 'no';

const ALGORITHMS = { 'SHA-1': { name: 'sha1', octets: 20 }, 'SHA-256': { name: 'sha256', octets: 32 } } as const;

/** RFC 5802 5.1, RFC 7677 4: who asks for less wants to try passwords on what it hears. */
export const MIN_ITERATIONS = 4096;
/** Nobody needs more, and a hostile server would keep a thread busy. About a second. */
export const MAX_ITERATIONS = 2_000_000;

const derive = promisify(pbkdf2);
const NOTHING = new Uint8Array(0);

/** SCRAM with one hash, bound or not. */
export class ScramClient implements ClientMechanism {
  readonly name: string;
  readonly #hash: ScramHash;
  readonly #credentials: PasswordCredentials;
  readonly #binding: ScramBinding;
  readonly #nonce: () => string;

  /** @param nonce for tests; printable ASCII without a comma, another one each time. */
  constructor(
    hash: ScramHash,
    credentials: PasswordCredentials,
    binding: ScramBinding = 'no',
    nonce: () => string = () => randomBytes(18).toString('base64'),
  ) {
    this.name = `SCRAM-${hash}${typeof binding === 'string' ? '' : '-PLUS'}`;
    this.#hash = hash;
    this.#credentials = credentials;
    this.#binding = binding;
    this.#nonce = nonce;
  }

  begin(): ClientExchange {
    const { username, password, authzid = '' } = this.#credentials;
    const name = saslPrep(part(username, 'user name'));
    const as = authzid === '' ? '' : saslPrep(part(authzid, 'authorization identity'));
    if (name === undefined || as === undefined) throw new SaslError('credentials', 'the user name can not be prepared');
    part(password, 'password');
    const binding = this.#binding;
    const flag = binding === 'no' ? 'n' : binding === 'could' ? 'y' : `p=${binding.type}`;
    return new ScramExchange({
      hash: this.#hash,
      name,
      // One that can't be prepared is taken as it is, as servers do that let people have such ones.
      password: saslPrep(password) ?? password,
      gs2: gs2Header(flag, as),
      bound: typeof binding === 'string' ? NOTHING : binding.data,
      nonce: this.#nonce(),
    });
  }
}

interface ScramFacts {
  readonly hash: ScramHash;
  readonly name: string;
  readonly password: string;
  readonly gs2: string;
  readonly bound: Uint8Array;
  readonly nonce: string;
}

class ScramExchange implements ClientExchange {
  readonly #facts: ScramFacts;
  readonly #firstBare: string;
  #state: 'first' | 'final' | 'proved' | 'over' = 'first';
  /** What a server says that knows our keys. */
  #expected: Uint8Array = NOTHING;

  constructor(facts: ScramFacts) {
    this.#facts = facts;
    this.#firstBare = `n=${escapeSaslName(facts.name)},r=${facts.nonce}`;
  }

  get initial(): Uint8Array {
    return Buffer.from(this.#facts.gs2 + this.#firstBare);
  }

  async respond(challenge: Uint8Array): Promise<Uint8Array> {
    const state = this.#state;
    // Whatever is thrown on the way, nothing comes after it.
    this.#state = 'over';
    if (state === 'first') {
      const answer = await this.#prove(this.#believe(parseServerFirst(challenge)));
      this.#state = 'final';
      return answer;
    }
    if (state !== 'final') throw new SaslError('malformed', 'a challenge where everything was said');
    this.#verify(challenge);
    this.#state = 'proved';
    return NOTHING;
  }

  finish(): void {
    if (this.#state !== 'proved')
      throw new SaslError('untrusted', 'the server says yes and has not proved that it knows us');
  }

  #believe(first: ServerFirst | undefined): ServerFirst {
    if (first === undefined) throw new SaslError('malformed', 'no first message of a SCRAM server');
    const { nonce } = this.#facts;
    // RFC 5802 5.1: what was said before must not be worth anything, on either side.
    if (!first.nonce.startsWith(nonce) || first.nonce.length === nonce.length)
      throw new SaslError('untrusted', 'not the nonce of this exchange');
    if (first.iterations < MIN_ITERATIONS) throw new SaslError('untrusted', 'too few iterations to be safe');
    if (first.iterations > MAX_ITERATIONS) throw new SaslError('untrusted', 'more iterations than anybody needs');
    return first;
  }

  async #prove({ text, nonce, salt, iterations }: ServerFirst): Promise<Uint8Array> {
    const { hash, password, gs2, bound } = this.#facts;
    const { name, octets } = ALGORITHMS[hash];
    const salted = await derive(password, salt, iterations, octets, name);
    const mac = (key: Uint8Array, what: string) => createHmac(name, key).update(what).digest();
    const withoutProof = `c=${encodeBase64(Buffer.concat([Buffer.from(gs2), bound]))},r=${nonce}`;
    const signed = `${this.#firstBare},${text},${withoutProof}`;
    const clientKey = mac(salted, 'Client Key');
    const signature = mac(createHash(name).update(clientKey).digest(), signed);
    const proof = clientKey.map((octet, i) => octet ^ (signature[i] ?? 0));
    this.#expected = mac(mac(salted, 'Server Key'), signed);
    return Buffer.from(`${withoutProof},p=${encodeBase64(proof)}`);
  }

  #verify(challenge: Uint8Array): void {
    const final = parseServerFinal(challenge);
    if (final === undefined) throw new SaslError('malformed', 'no last message of a SCRAM server');
    if ('error' in final) throw new SaslError('refused', `the server says ${final.error}`);
    const { signature } = final;
    if (signature.length !== this.#expected.length || !timingSafeEqual(signature, this.#expected))
      throw new SaslError('untrusted', 'the server does not know our keys: it is not whom it should be');
  }
}

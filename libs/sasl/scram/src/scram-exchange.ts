/** One attempt by SCRAM (RFC 5802 5): the client's first message, the server's, the client's last. */
import { timingSafeEqual } from 'node:crypto';
import type { Authenticator, SaslExchange, SaslStep, ScramHash, ScramKeys, Session } from '@mailverb/contract';
import { WRONG, conclude, encodeBase64, malformed } from '@mailverb/sasl-text';
import { parseClientFinal, parseClientFirst, type ClientFinal, type ClientFirst } from './scram-messages.js';
import { checkKeys, serverSignature, type FakeKeys } from './scram-keys.js';

/** What is the same for all attempts by one mechanism. */
export interface ScramContext {
  readonly hash: ScramHash;
  /** True for the -PLUS form. */
  readonly plus: boolean;
  readonly authenticator: Authenticator;
  readonly fakes: FakeKeys;
  /** What binds to this connection; undefined where nothing of that type does. */
  binding(type: string, session: Session): Uint8Array | undefined;
  /** True if the -PLUS form is offered in this session. */
  offersPlus(session: Session): boolean;
}

const BEGIN: SaslStep = { type: 'challenge', data: new Uint8Array(0) };
const NO_FIRST = malformed('no first message of SCRAM');
const NO_FINAL = malformed('no last message of SCRAM');
const OTHER_NONCE = malformed('not the nonce of this exchange');
const NOT_PLUS = malformed('channel binding, which the mechanism is not for');
const NOT_BOUND = malformed('no channel binding, which the mechanism is for');
const UNSUPPORTED = malformed('a type of channel binding that this connection has not');
const DOWNGRADED: SaslStep = {
  type: 'failure',
  kind: 'credentials',
  reason: 'the client has not heard of channel binding, which was offered: somebody may be in the middle',
};
const BOUND_ELSEWHERE: SaslStep = {
  type: 'failure',
  kind: 'credentials',
  reason: 'the client is bound to another channel: somebody may be in the middle',
};

/** What was said, and what is known, once the first message was answered. */
interface Challenged {
  readonly first: ClientFirst;
  readonly serverFirst: string;
  readonly nonce: string;
  readonly keys: ScramKeys;
  /** False if the keys are nobody's. */
  readonly known: boolean;
}

/** An attempt. Make one for each: it remembers what was said. */
export class ScramExchange implements SaslExchange {
  readonly #context: ScramContext;
  readonly #session: Session;
  readonly #nonce: string;
  #challenged: Challenged | undefined;

  /** @param nonce the server's part of it: printable, without a comma, and never used before. */
  constructor(context: ScramContext, session: Session, nonce: string) {
    this.#context = context;
    this.#session = session;
    this.#nonce = nonce;
  }

  step(response: Uint8Array | undefined): SaslStep | Promise<SaslStep> {
    if (this.#challenged !== undefined) {
      const last = response === undefined ? undefined : parseClientFinal(response);
      return last === undefined ? NO_FINAL : this.#finish(this.#challenged, last);
    }
    if (response === undefined) return BEGIN;
    const first = parseClientFirst(response);
    if (first === undefined) return NO_FIRST;
    const misfit = this.#misfit(first);
    if (misfit !== undefined) return misfit;
    return { type: 'claim', name: first.username, proceed: () => this.#begin(first) };
  }

  /** RFC 5802 6: -PLUS with channel binding and nothing else, and the other form without. */
  #misfit({ gs2: { flag, bindingType = '' } }: ClientFirst): SaslStep | undefined {
    const { plus } = this.#context;
    if (!plus) return flag === 'p' ? NOT_PLUS : undefined;
    if (flag !== 'p') return NOT_BOUND;
    return this.#context.binding(bindingType, this.#session) === undefined ? UNSUPPORTED : undefined;
  }

  async #begin(first: ClientFirst): Promise<SaslStep> {
    const { hash, authenticator, fakes, offersPlus } = this.#context;
    // The client would have bound, and says that it saw no way to. We offered one.
    if (first.gs2.flag === 'y' && offersPlus(this.#session)) return DOWNGRADED;
    // Made for those that are known too: the time should not tell either.
    const fake = fakes.of(first.username, hash);
    const known = await authenticator.scram?.(first.username, hash, this.#session);
    if (known !== undefined) checkKeys(hash, known);
    const keys = known ?? fake;
    const nonce = first.nonce + this.#nonce;
    const serverFirst = `r=${nonce},s=${encodeBase64(keys.salt)},i=${keys.iterations}`;
    this.#challenged = { first, serverFirst, nonce, keys, known: known !== undefined };
    return { type: 'challenge', data: Buffer.from(serverFirst) };
  }

  async #finish(
    { first, serverFirst, nonce, keys, known }: Challenged,
    { binding, nonce: said, proof, withoutProof }: ClientFinal,
  ): Promise<SaslStep> {
    if (said !== nonce) return OTHER_NONCE;
    if (!equal(binding, this.#expected(first))) return BOUND_ELSEWHERE;
    const signed = `${first.bare},${serverFirst},${withoutProof}`;
    const signature = serverSignature(this.#context.hash, keys, signed, proof);
    if (signature === undefined || !known) return WRONG;
    const end = await conclude(this.#context.authenticator, first.username, first.gs2.authzid, this.#session);
    return end.type === 'success' ? { ...end, data: Buffer.from(`v=${encodeBase64(signature)}`) } : end;
  }

  /** RFC 5802 5.1, attribute c: the header that the client has sent, so that nobody can have changed it, and what binds. */
  #expected({ gs2: { text, bindingType } }: ClientFirst): Uint8Array {
    const bound = bindingType === undefined ? undefined : this.#context.binding(bindingType, this.#session);
    return Buffer.concat([Buffer.from(text), bound ?? new Uint8Array(0)]);
  }
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/** A payload as a request: measured and signed, with the headers that all forms have. */
import { createHash } from 'node:crypto';
import type { EndpointRequest } from './endpoint.js';
import { addressesOf, type Payload, type Posting } from './forms/payload.js';
import { measure, type Measured } from './signature.js';
import type { WebhookOptions } from './webhook.options.js';

/** Makes requests. */
export type RequestMaker = (posting: Posting, payload: Payload) => Promise<EndpointRequest>;

/** Makes what makes requests. */
export function requestMaker(options: WebhookOptions): RequestMaker {
  const { form, headers, user, password, secrets } = options;
  const constant = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) constant.set(name.toLowerCase(), value);
  if (user !== undefined)
    constant.set('authorization', `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`);
  return async (posting, payload) => {
    const timestamp = Math.floor(posting.now / 1000);
    const { octets, signature } = await measured(payload, secrets, timestamp);
    const all = new Map([
      ['user-agent', 'Mailverb'],
      ['accept', 'application/json, */*;q=0.1'],
      ...constant,
      ['content-type', payload.contentType],
      ['idempotency-key', idempotencyKey(posting)],
      ['x-mailverb-id', posting.envelope.id],
      ['x-mailverb-form', form],
      ['x-mailverb-timestamp', String(timestamp)],
      ...(payload.headers ?? []),
    ]);
    if (payload.problem !== undefined) all.set('x-mailverb-problem', payload.problem);
    if (signature !== undefined) all.set('x-mailverb-signature', signature);
    return { headers: all, query: payload.query ?? [], octets, chunks: () => payload.chunks(), signal: posting.signal };
  };
}

async function measured(payload: Payload, secrets: readonly string[], timestamp: number): Promise<Measured> {
  const { size } = payload;
  if (size !== undefined && secrets.length === 0) return { octets: size, signature: undefined };
  return measure(payload.chunks(), secrets, timestamp);
}

/**
 * One key for all attempts of one delivery. The recipients are in it, because a transaction that a router has split comes in parts, which have
 * one id and must not be taken for each other.
 */
function idempotencyKey({ envelope, recipients }: Posting): string {
  const hash = createHash('sha256').update(JSON.stringify(addressesOf(recipients)));
  return `${envelope.id}-${hash.digest('hex').slice(0, 16)}`;
}

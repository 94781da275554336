/** What can go wrong with a store, as seen from a message: what the client hears, and whether the object may be there all the same. */
import { reply, type Reply } from '@mailverb/protocol';

/** What went wrong. */
export type StoreFault =
  /** No connection, or it was lost. */
  | 'unreachable'
  | 'timeout'
  /** We gave up ourselves. */
  | 'aborted'
  /** For the moment: 5xx, SlowDown, 429. */
  | 'busy'
  /** What came there is not what was sent. */
  | 'corrupt'
  /** Access denied, no such bucket, wrong region: nothing that a sender can change. */
  | 'misconfigured'
  | 'too-large'
  /** Whatever else: an answer that makes no sense, too. */
  | 'refused';

const LATER = 'try again later';

/** A mistake of ours must not send anybody's mail back, so only one of them is for ever. */
const REPLIES: Readonly<Record<StoreFault, Reply>> = {
  unreachable: reply(451, '4.4.1', `the message store can not be reached, ${LATER}`),
  timeout: reply(451, '4.4.2', `the message store does not answer, ${LATER}`),
  aborted: reply(451, '4.3.0', `the message was not stored, ${LATER}`),
  busy: reply(451, '4.3.2', `the message store is too busy, ${LATER}`),
  corrupt: reply(451, '4.3.0', `the message was not stored, ${LATER}`),
  misconfigured: reply(451, '4.3.5', `the message store does not take messages, ${LATER}`),
  'too-large': reply(552, '5.3.4', 'the message is too large for the message store'),
  refused: reply(451, '4.3.0', `the message was not stored, ${LATER}`),
};

/** Names that stores give their errors, where the status alone says too little. */
const NAMED: ReadonlyMap<string, StoreFault> = new Map([
  ['EntityTooLarge', 'too-large'],
  ['SlowDown', 'busy'],
  ['RequestTimeout', 'busy'],
  ['BadDigest', 'corrupt'],
  ['InvalidDigest', 'corrupt'],
  ['XAmzContentSHA256Mismatch', 'corrupt'],
  ['XAmzContentChecksumMismatch', 'corrupt'],
  ['IncompleteBody', 'corrupt'],
  ['RequestTimeTooSkewed', 'misconfigured'],
  ['AuthorizationHeaderMalformed', 'misconfigured'],
  ['InvalidBucketName', 'misconfigured'],
  ['CredentialsProviderError', 'misconfigured'],
  ['TokenRefreshRequired', 'misconfigured'],
  ['ExpiredToken', 'misconfigured'],
]);

const TRANSIENT: ReadonlySet<StoreFault> = new Set(['unreachable', 'busy', 'corrupt']);

/** What is logged: never the SDK's own error, which may have the request with its signature in it. */
export interface StoreFacts {
  readonly operation: string;
  readonly name: string;
  readonly words: string;
  readonly status: number | undefined;
  readonly requestId: string | undefined;
}

/** A request to a store has failed. */
export class StoreError extends Error {
  override readonly name = 'StoreError';

  constructor(
    readonly fault: StoreFault,
    readonly facts: StoreFacts,
    /** True if the store may have done all the same what it was asked for. */
    readonly inDoubt: boolean,
  ) {
    super(`${facts.operation}: ${facts.name}: ${facts.words}`);
  }

  get reply(): Reply {
    return REPLIES[this.fault];
  }

  /** True if the same request may go well a moment later. */
  get transient(): boolean {
    return TRANSIENT.has(this.fault);
  }
}

/** What the SDK threw, as ours. */
export function storeError(error: unknown, operation: string): StoreError {
  const fields = isObject(error) ? error : {};
  const metadata = isObject(fields['$metadata']) ? fields['$metadata'] : {};
  // An answer that could not be read is no error of the store's, but of whoever answers in its place.
  const status = typeof metadata['httpStatusCode'] === 'number' ? metadata['httpStatusCode'] : undefined;
  const name = text(fields['name']) || 'Error';
  const facts = {
    operation,
    name: text(fields['Code']) || name,
    words: text(fields['message']),
    status,
    requestId: text(metadata['requestId']) || undefined,
  };
  const named = NAMED.get(name);
  if (status === undefined) {
    return new StoreError(named ?? 'unreachable', facts, named === undefined && !neverSent(fields));
  }
  return new StoreError(named ?? faultOf(status), facts, status < 300 || status >= 500);
}

function faultOf(status: number): StoreFault {
  if (status >= 500 || status === 429 || status === 409) return 'busy';
  if (status === 413) return 'too-large';
  if (status === 301 || status === 307 || status === 401 || status === 403 || status === 404) return 'misconfigured';
  return 'refused';
}

/** True if there was no connection to send anything over. */
function neverSent({ name, code, syscall }: Readonly<Record<string, unknown>>): boolean {
  // The SDK's own name for a connection that took too long, and for some that were lost: those have a code.
  return syscall === 'connect' || syscall === 'getaddrinfo' || (name === 'TimeoutError' && code === undefined);
}

const MAX_TEXT = 300;

function text(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, MAX_TEXT) : '';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

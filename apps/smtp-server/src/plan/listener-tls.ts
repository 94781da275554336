/** How a listener encrypts: what it says, laid over what the top level says. */
import type { CertificatePlan, Issue, TlsPlan } from '@mailverb/core';
import { IMPLICIT_TLS_PORT } from '../configuration/defaults.js';
import { indexPath, isWithin, keyPath } from '../configuration/path.js';
import type { CheckedTls } from '../configuration/tls-shape.js';

/** One `tls` of the configuration: what it says, and where. */
export interface WrittenTls {
  readonly tls: CheckedTls | undefined;
  readonly path: string;
}

/** What came of it. */
export interface PlannedTls {
  /** Undefined for a listener without TLS, or one where it is not to be understood. */
  readonly plan: TlsPlan | undefined;
  readonly issues: readonly Issue[];
  /** Paths of the core's messages, and where the same thing stands in the configuration. */
  readonly moved: ReadonlyMap<string, string>;
}

const PAIR = ['cert', 'key', 'passphrase'] as const;

/**
 * @param wrong paths of values that were left out because they are wrong: they are not missing.
 * @param port of the listener.
 */
export function planTls(
  top: WrittenTls,
  own: WrittenTls,
  port: number | undefined,
  wrong: ReadonlySet<string>,
): PlannedTls {
  const merged = merge(top.tls, own.tls);
  const mode = merged?.mode ?? (port === IMPLICIT_TLS_PORT ? 'implicit' : 'starttls');
  if (merged === undefined || mode === 'none') return { plan: undefined, issues: [], moved: new Map() };

  const { cert, key, passphrase, certificates: others = [], ...rest } = merged;
  const pairFrom = hasPair(own.tls) || top.tls === undefined ? own.path : top.path;
  const issues: Issue[] = [];
  for (const [name, value] of [
    ['cert', cert],
    ['key', key],
  ] as const) {
    const path = keyPath(pairFrom, name);
    if (value === undefined && !wrong.has(path)) issues.push({ path, message: 'missing: expected a PEM file' });
  }
  issues.push(...clientIssues(merged, own.tls === undefined ? top.path : own.path, wrong));

  const moved = new Map<string, string>([[indexPath(keyPath(own.path, 'certificates'), 0), pairFrom]]);
  const listFrom = own.tls?.certificates === undefined ? top.path : own.path;
  others.forEach((_, i) => {
    const at = keyPath(listFrom, 'certificates');
    moved.set(indexPath(keyPath(own.path, 'certificates'), i + 1), indexPath(at, i));
  });
  for (const name of ['clientAuthorities', 'ciphers'] as const) {
    if (own.tls?.[name] === undefined) moved.set(keyPath(own.path, name), keyPath(top.path, name));
  }
  if (cert === undefined || key === undefined) return { plan: undefined, issues, moved };
  const first: CertificatePlan = { cert, key, ...(passphrase === undefined ? {} : { passphrase }) };
  return { plan: { ...rest, mode, certificates: [first, ...others.map(pairOf)] }, issues, moved };
}

/** Where something that the core has found stands in the configuration. */
export function relocate(path: string, moved: ReadonlyMap<string, string>): string {
  for (const [from, to] of moved) if (isWithin(path, from)) return to + path.slice(from.length);
  return path;
}

function merge(top: CheckedTls | undefined, own: CheckedTls | undefined): CheckedTls | undefined {
  if (top === undefined || own === undefined) return own ?? top;
  // A certificate is of use with its own key alone.
  const { cert: _cert, key: _key, passphrase: _passphrase, ...shared } = top;
  return hasPair(own) ? { ...shared, ...own } : { ...top, ...own };
}

function hasPair(tls: CheckedTls | undefined): boolean {
  return tls !== undefined && PAIR.some((name) => tls[name] !== undefined);
}

function pairOf({ cert, key, passphrase }: CertificatePlan): CertificatePlan {
  return { cert, key, ...(passphrase === undefined ? {} : { passphrase }) };
}

function clientIssues(
  { clientCertificates = 'none', clientAuthorities }: CheckedTls,
  at: string,
  wrong: ReadonlySet<string>,
): Issue[] {
  const path = keyPath(at, 'clientAuthorities');
  if (clientCertificates !== 'none' && clientAuthorities === undefined && !wrong.has(path)) {
    return [{ path, message: `missing: expected a PEM file of those who may have signed a client's certificate` }];
  }
  if (
    clientCertificates === 'none' &&
    clientAuthorities !== undefined &&
    !wrong.has(keyPath(at, 'clientCertificates'))
  ) {
    return [{ path, message: 'has no effect: nobody is asked for a certificate (clientCertificates)' }];
  }
  return [];
}

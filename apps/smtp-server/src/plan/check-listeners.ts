/** What is wrong between the keys of a listener, where each by itself is right. Keys that would have no effect are mistakes (defect K6). */
import type { Issue } from '@mailverb/core';
import { indexPath, keyPath } from '../configuration/path.js';
import type { ListenerConfiguration } from '../configuration/shape.js';

/** What a listener came to. */
export interface ListenerFacts {
  readonly listener: ListenerConfiguration;
  readonly index: number;
  readonly hasAuth: boolean;
}

/** @param wrong paths of values that were left out because they are wrong: they are not missing. */
export function listenerIssues(facts: ListenerFacts, wrong: ReadonlySet<string>): readonly Issue[] {
  return [...addressIssues(facts, wrong), ...uselessKeys(facts, wrong)];
}

const ADDRESSES = ['port', 'path', 'systemd'] as const;

function addressIssues({ listener, index }: ListenerFacts, wrong: ReadonlySet<string>): readonly Issue[] {
  const at = indexPath('listeners', index);
  if (ADDRESSES.some((key) => wrong.has(keyPath(at, key)))) return [];
  const given = ADDRESSES.filter((key) => listener[key] !== undefined);
  const [first, second] = given;
  if (first === undefined) return [{ path: at, message: 'missing: expected a port, or the path of a unix socket' }];
  // The last is the one that is told: it is the least common, and perhaps was meant for another listener.
  const last = given.at(-1) ?? first;
  const other = second === undefined ? (first !== 'port' && listener.host !== undefined ? 'host' : undefined) : first;
  if (other === undefined) return [];
  return [{ path: keyPath(at, last), message: `expected either ${other} or ${last}, not both`, value: listener[last] }];
}

function uselessKeys({ listener, index, hasAuth }: ListenerFacts, wrong: ReadonlySet<string>): readonly Issue[] {
  const at = indexPath('listeners', index);
  const issues: Issue[] = [];
  const useless = (key: keyof ListenerConfiguration, needs: string, given: boolean, has: boolean) => {
    if (!given || has || wrong.has(keyPath(at, needs)) || wrong.has(needs)) return;
    issues.push({ path: keyPath(at, key), message: `has no effect without ${needs}` });
  };
  useless('mechanisms', 'auth', listener.mechanisms !== undefined, hasAuth);
  useless('authWithoutTls', 'auth', listener.authWithoutTls !== undefined, hasAuth);
  useless('proxyProtocol', 'trustedPeers', listener.proxyProtocol === true, listener.trustedPeers !== undefined);
  return issues;
}

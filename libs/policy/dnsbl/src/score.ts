/** What answers add up to, and what follows from it where some are missing. */
import type { DnsblList, DnsblOptions } from './dnsbl.options.js';

/** What one list said. */
export type Listing =
  | { readonly kind: 'listed' }
  | { readonly kind: 'clear' }
  /** It was asked, and nobody knows. */
  | { readonly kind: 'failed'; readonly reason: string };

/** One list that was asked. */
export interface Asked {
  readonly list: DnsblList;
  readonly listing: Listing;
}

/** `unknown`: it can't be told, and so it is later. */
export type Decision = 'pass' | 'reject' | 'defer' | 'unknown';

/** The sum of the weights of all lists that list it. */
export function scoreOf(asked: readonly Asked[]): number {
  return sum(asked, 'listed', () => true);
}

/**
 * Decides. What is missing is only held against a client (or for it) as far as it could matter:
 *
 * - `skip`: it counts as nothing.
 * - `defer`: every combination of missing answers must lead to the same end, or it is later.
 * - `defer-if-all`: some answers will do to let a client in; none is no answer, and a failure of ours (attack A26). A refusal for good needs
 *   certainty here too: an allow list that is silent is no reason to turn its friends away.
 */
export function decide(
  asked: readonly Asked[],
  options: Pick<DnsblOptions, 'rejectScore' | 'deferScore' | 'onFailure'>,
): Decision {
  const score = scoreOf(asked);
  const known = ofScore(score, options);
  const { onFailure } = options;
  if (onFailure === 'skip' || !asked.some(({ listing }) => listing.kind === 'failed')) return known;
  const best = ofScore(score + sum(asked, 'failed', (weight) => weight < 0), options);
  if (known === 'reject' && best !== 'reject') return 'unknown';
  if (known !== 'pass') return known;
  const worst = ofScore(score + sum(asked, 'failed', (weight) => weight > 0), options);
  const silent = onFailure === 'defer' || asked.every(({ listing }) => listing.kind === 'failed');
  return worst !== 'pass' && silent ? 'unknown' : 'pass';
}

function ofScore(
  score: number,
  { rejectScore, deferScore }: Pick<DnsblOptions, 'rejectScore' | 'deferScore'>,
): Decision {
  if (rejectScore !== 'never' && score >= rejectScore) return 'reject';
  return deferScore !== undefined && score >= deferScore ? 'defer' : 'pass';
}

function sum(asked: readonly Asked[], kind: Listing['kind'], counts: (weight: number) => boolean): number {
  let total = 0;
  for (const { list, listing } of asked) if (listing.kind === kind && counts(list.weight)) total += list.weight;
  return total;
}

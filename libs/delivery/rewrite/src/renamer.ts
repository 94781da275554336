/** Renames addresses: by the table first, then by the first rule that applies. */
import { isPromise, type Clock, type Lifecycle, type Logger, type MaybePromise } from '@mailverb/contract';
import { ADDRESSES, openLookup, type Lookup, type LookupAnswer } from '@mailverb/lookup';
import type { Mailbox } from '@mailverb/protocol';
import type { Renamings } from './rewrite.options.js';
import { applyRules, renaming, type Renamed, type Rule } from './rules.js';

/** The table could not be asked. */
export const NO_ANSWER = Symbol('no answer');

/** See above. */
export class Renamer implements Lifecycle {
  private readonly rules: readonly Rule[];
  private readonly table: Lookup<Mailbox, Rule> | undefined;

  constructor(
    renamings: Renamings | undefined,
    services: { readonly what: string; readonly clock: Clock; readonly logger: Logger },
  ) {
    this.rules = renamings?.rules ?? [];
    const lookup = renamings?.lookup;
    this.table = lookup && openLookup(lookup, { form: ADDRESSES, value: renaming, ...services });
  }

  start(): MaybePromise<void> {
    return this.table?.start?.();
  }

  stop(): MaybePromise<void> {
    return this.table?.stop?.();
  }

  /** Synchronous where the table is here. */
  rename(mailbox: Mailbox): MaybePromise<Renamed | typeof NO_ANSWER> {
    const answer = this.table?.find(mailbox);
    if (answer === undefined) return applyRules(this.rules, mailbox);
    const settle = (found: LookupAnswer<Rule>) => {
      if (found.kind === 'failed') return NO_ANSWER;
      return found.kind === 'found' ? found.value.apply(mailbox) : applyRules(this.rules, mailbox);
    };
    return isPromise(answer) ? answer.then(settle) : settle(answer);
  }
}

/**
 * Unless: policies that some are exempt from. Allow lists are written this way, and not as an `accept`, which silences nobody.
 *
 * It has a say at the stages at which its policies have one, and at no others. An exemption is a `pass`: it vouches for nothing, so
 * at RCPT somebody else must.
 */
import { Options, STAGES, pass, type Policy, type Stage, type StageInputs } from '@mailverb/contract';
import { inject, injectable } from 'tsyringe';
import { askAll, type Ask } from './ask.js';
import { Exemptions } from './exemptions.js';
import type { UnlessOptions } from './unless.options.js';

const PASS = pass();

/** The policy unless. */
@injectable()
export class UnlessPolicy implements Policy {
  // Only declared: the core lists a policy at the stages for which the property is there, so the constructor makes those alone.
  declare readonly connect?: Policy['connect'];
  declare readonly helo?: Policy['helo'];
  declare readonly auth?: Policy['auth'];
  declare readonly mail?: Policy['mail'];
  declare readonly rcpt?: Policy['rcpt'];
  declare readonly data?: Policy['data'];
  declare readonly message?: Policy['message'];
  /** True if one inside must see the message. */
  readonly wholeMessage: boolean;

  constructor(@inject(Options) options: UnlessOptions) {
    const exemptions = new Exemptions(options);
    this.wholeMessage = options.then.some((policy) => policy.wholeMessage === true);
    for (const stage of STAGES) {
      const ask = stageOf(stage, options.then, exemptions);
      if (ask !== undefined) Object.defineProperty(this, stage, { value: ask, enumerable: true });
    }
  }
}

function stageOf<S extends Stage>(
  stage: S,
  policies: readonly Policy[],
  exemptions: Exemptions,
): Ask<StageInputs[S]> | undefined {
  const asked: Ask<StageInputs[S]>[] = [];
  for (const policy of policies) {
    const method = methodsOf(policy)[stage];
    if (method !== undefined) asked.push((input, context) => method.call(policy, input, context));
  }
  if (asked.length === 0) return undefined;
  return (input, context) => (exemptions.covers(stage, input) ? PASS : askAll(asked, input, context));
}

/** The same policy, in a type that the compiler can index by a stage that it does not know. */
function methodsOf(policy: Policy): { readonly [S in Stage]?: Ask<StageInputs[S]> } {
  return policy;
}

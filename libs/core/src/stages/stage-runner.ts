/**
 * Asks the policies of a stage, by the rules of contract/policy.ts: in order; the first refusal decides; `accept` silences nobody; what throws,
 * rejects, answers rubbish or overruns its budget is a `defer`; a rehearsing policy is asked and not heard. Synchronous until a policy is not.
 */
import {
  isPromise,
  isRefusal,
  SmtpError,
  type Clock,
  type MaybePromise,
  type Policy,
  type Refusal,
  type Stage,
  type StageInputs,
  type Verdict,
} from '@mailverb/contract';
import { reply } from '@mailverb/protocol';
import { causeOf, isVerdict } from '../plugin-answers.js';
import type { Cancellation } from '../session/cancellation.js';
import type { SessionState } from '../session/session-state.js';
import type { Watchers } from './watchers.js';

/** A policy as it stands in an assembly. */
export interface StagedPolicy {
  readonly name: string;
  readonly policy: Policy;
  readonly dryRun: boolean;
  readonly budgetMs: number;
}

/** What came of a stage: nobody refused, and perhaps somebody vouched; or a refusal, and whose. */
export type Answer =
  { readonly refusal: undefined; readonly accepted: boolean } | { readonly refusal: Refusal; readonly by: string };

const PASSED: Answer = Object.freeze({ refusal: undefined, accepted: false });
const ACCEPTED: Answer = Object.freeze({ refusal: undefined, accepted: true });
const RELAYING_DENIED: Answer = {
  by: 'nobody accepted the recipient',
  refusal: { kind: 'reject', reply: reply(550, '5.7.1', 'relaying denied'), reason: 'unanimous pass' },
};
const FAULT_REPLY = reply(451, '4.3.0', 'local error, try again later');

/** The policies of one listener, by stage. */
export class StageRunner {
  private readonly stages: { readonly [S in Stage]: readonly StagedPolicy[] };

  constructor(
    policies: readonly StagedPolicy[],
    private readonly clock: Clock,
    private readonly watchers: Watchers,
  ) {
    const at = (stage: Stage) => policies.filter(({ policy }) => typeof policy[stage] === 'function');
    this.stages = {
      connect: at('connect'),
      helo: at('helo'),
      auth: at('auth'),
      mail: at('mail'),
      rcpt: at('rcpt'),
      data: at('data'),
      message: at('message'),
    };
  }

  /** The policies that are asked at a stage, in order. */
  at(stage: Stage): readonly StagedPolicy[] {
    return this.stages[stage];
  }

  /** True if somebody has a say at the stage. At `rcpt` always: there it takes somebody to say yes. */
  matters(stage: Stage): boolean {
    return stage === 'rcpt' || this.stages[stage].length > 0;
  }

  /** Asks. Never throws, never rejects. */
  ask<S extends Stage>(
    stage: S,
    input: StageInputs[S],
    session: SessionState,
    cancellation: Cancellation,
  ): MaybePromise<Answer> {
    return this.from(0, false, stage, input, session, cancellation);
  }

  private from<S extends Stage>(
    first: number,
    acceptedBefore: boolean,
    stage: S,
    input: StageInputs[S],
    session: SessionState,
    cancellation: Cancellation,
  ): MaybePromise<Answer> {
    const policies = this.stages[stage];
    let accepted = acceptedBefore;
    for (let i = first; i < policies.length; i++) {
      const entry = policies[i] as StagedPolicy;
      const verdict = this.one(entry, stage, input, session, cancellation);
      if (isPromise(verdict)) {
        return this.within(entry, verdict, session, cancellation).then((settled) => {
          const answer = this.weigh(entry, stage, settled, session);
          if (answer.refusal !== undefined) return answer;
          return this.from(i + 1, accepted || answer.accepted, stage, input, session, cancellation);
        });
      }
      const answer = this.weigh(entry, stage, verdict, session);
      if (answer.refusal !== undefined) return answer;
      if (answer.accepted) accepted = true;
    }
    if (accepted) return ACCEPTED;
    // Fail closed: a forgotten policy must not make an open relay (attack A17).
    return stage === 'rcpt' ? RELAYING_DENIED : PASSED;
  }

  private one<S extends Stage>(
    entry: StagedPolicy,
    stage: S,
    input: StageInputs[S],
    session: SessionState,
    cancellation: Cancellation,
  ): MaybePromise<Verdict> {
    try {
      const { policy } = entry;
      const method = policy[stage] as (input: StageInputs[S], context: Cancellation) => MaybePromise<Verdict>;
      return method.call(policy, input, cancellation);
    } catch (error) {
      return this.fault(entry, session, error);
    }
  }

  /** The budget: what does not answer in time is told to stop, and counts as a fault. */
  private within(
    entry: StagedPolicy,
    verdict: PromiseLike<Verdict>,
    session: SessionState,
    cancellation: Cancellation,
  ): Promise<Verdict> {
    return new Promise((resolve) => {
      let late = false;
      const alarm = this.clock.after(entry.budgetMs, () => {
        late = true;
        cancellation.cancel(`time budget of policy ${entry.name} used up`);
        resolve(this.fault(entry, session, new Error(`no answer within ${entry.budgetMs} ms`)));
      });
      // A thenable may throw out of `then` itself: as a promise it can only reject.
      Promise.resolve(verdict).then(
        (settled) => {
          alarm.cancel();
          resolve(settled);
        },
        (error: unknown) => {
          alarm.cancel();
          // Who was told to stop and says that it has stopped has no other fault.
          if (!late) resolve(this.fault(entry, session, error));
        },
      );
    });
  }

  private weigh(entry: StagedPolicy, stage: Stage, given: Verdict, session: SessionState): Answer {
    const verdict = isVerdict(given)
      ? given
      : this.fault(entry, session, new Error('answered something that is no verdict'));
    if (verdict.annotate !== undefined) session.annotate(entry.name, verdict.annotate, stage);
    this.watchers.verdictGiven(session, { stage, policy: entry.name, verdict, dryRun: entry.dryRun });
    if (entry.dryRun) return PASSED;
    if (isRefusal(verdict)) return { refusal: verdict, by: `policy ${entry.name}` };
    return verdict.kind === 'accept' ? ACCEPTED : PASSED;
  }

  private fault(entry: StagedPolicy, session: SessionState, error: unknown): Refusal {
    this.watchers.faultCaught(session, `policy ${entry.name}`, error);
    // A policy may throw words of its own, but only to refuse: it can never talk its way out of failing closed.
    const words = error instanceof SmtpError && !error.reply.positive ? error.reply : FAULT_REPLY;
    return { kind: words.permanent ? 'reject' : 'defer', reply: words, reason: causeOf(error) };
  }
}

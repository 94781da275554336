/** Calls verbs, and sees to it that whatever they do an outcome comes of it: in time, well formed, and with what must happen all the same. */
import {
  isPromise,
  SmtpError,
  type Effect,
  type MaybePromise,
  type VerbOutcome,
  type VerbStep,
} from '@mailverb/contract';
import type { Reply } from '@mailverb/protocol';
import type { ListenerRuntime } from '../listener/runtime.js';
import { isEffect, isVerbInquiry, isVerbOutcome } from '../plugin-answers.js';
import type { RegisteredVerb } from '../registry/verb-registry.js';
import { LOCAL_ERROR } from '../session/mail-transaction.js';
import type { SessionState } from '../session/session-state.js';

const CLOSE: Effect = Object.freeze({ type: 'close' });

/** The calls of one session. */
export class VerbCalls {
  constructor(
    private readonly runtime: ListenerRuntime,
    private readonly session: SessionState,
  ) {}

  /**
   * What a call comes to. Never throws or rejects.
   * @param params what the verb has parsed; undefined for a line of a conversation, where there is no command to undo.
   */
  step(found: RegisteredVerb, params: unknown, call: () => MaybePromise<VerbStep>): VerbStep | Promise<VerbStep> {
    let result: MaybePromise<VerbStep>;
    try {
      result = call();
    } catch (error) {
      return this.failed(found, params, error);
    }
    if (!isPromise(result)) return this.checked(found, params, result);
    return this.inTime(result).then(
      (settled) => this.checked(found, params, settled),
      (error: unknown) => this.failed(found, params, error),
    );
  }

  /** The outcome of a verb that failed: its refusal, and the bytes that come in any case. */
  failed(found: RegisteredVerb, params: unknown, error: unknown): VerbOutcome {
    const effect = params === undefined ? undefined : this.refusalEffect(found, params);
    const answer = this.fault(found, error);
    return effect === undefined ? { reply: answer } : { reply: answer, effect };
  }

  /** What must happen though the command is refused. If the verb cannot tell, the session ends: what comes next may be no command. */
  refusalEffect(found: RegisteredVerb, params: unknown): Effect | undefined {
    try {
      const effect = found.verb.refusalEffect?.(params);
      if (effect === undefined || isEffect(effect)) return effect;
      this.fault(found, new Error('has an effect that makes no sense'));
    } catch (error) {
      this.fault(found, error);
    }
    return CLOSE;
  }

  /** What a verb throws costs its command: its own words if it has some that refuse, else 451. */
  fault(found: RegisteredVerb, error: unknown): Reply {
    this.runtime.watchers.faultCaught(this.session, `verb ${found.verb.name}`, error);
    return error instanceof SmtpError && !error.reply.positive ? error.reply : LOCAL_ERROR;
  }

  private checked(found: RegisteredVerb, params: unknown, step: VerbStep): VerbStep {
    if (isVerbOutcome(step) || isVerbInquiry(step)) return step;
    return this.failed(found, params, new Error('performed to something that is no outcome'));
  }

  /** A verb has the time that a policy has; one that never answers must not hold its session for ever. */
  private inTime(outcome: PromiseLike<VerbStep>): Promise<VerbStep> {
    const { clock, timeouts } = this.runtime;
    return new Promise((resolve, reject) => {
      const alarm = clock.after(timeouts.policy, () => reject(new Error(`no answer within ${timeouts.policy} ms`)));
      Promise.resolve(outcome)
        .finally(() => alarm.cancel())
        .then(resolve, reject);
    });
  }
}

/** One message on its way through the shadow. Goes its own pace, is waited for by nobody, and ends: well, badly or by being given up. */
import { BodyAborted, isPromise, type Alarm, type Clock, type MaybePromise, type Recipient } from '@mailverb/contract';
import type { DeliveryPart, PulledBody } from '@mailverb/body';

/** What a run needs. */
export interface ShadowServices {
  readonly clock: Clock;
  readonly timeout: number;
  /** A line in the log. */
  note(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** See above. */
export class ShadowRun {
  /** Settles when nothing of it goes on any more; never rejects. */
  readonly over: Promise<void>;
  /** Resolved with true when the message was delivered, with false when it was given up. */
  private readonly decision: Promise<boolean>;
  private decide: (delivered: boolean) => void = () => {};
  private readonly alarms = new Set<Alarm>();
  private ended = false;

  constructor(
    private readonly part: DeliveryPart,
    private readonly controller: AbortController,
    private readonly services: ShadowServices,
    recipients: readonly Recipient[],
    private readonly body: MaybePromise<PulledBody>,
  ) {
    this.decision = new Promise((resolve) => {
      this.decide = resolve;
    });
    this.over = this.run(recipients);
  }

  /** It was delivered: the shadow may commit, if it does so in time. */
  finish(): void {
    this.decide(true);
    this.giveUpIn('after the delivery');
  }

  /** It was not delivered, or the shadow has lost its time. */
  giveUp(reason: string): void {
    if (this.ended) return;
    this.end();
    this.controller.abort(reason);
    this.decide(false);
    // What is still to come is kept for nobody.
    if (!isPromise(this.body)) this.body.release();
    void this.part.abort(reason);
  }

  /** Never rejects: what the part throws it has logged. */
  private async run(recipients: readonly Recipient[]): Promise<void> {
    const { part, services, body } = this;
    // Or what can't be read would be a rejection that nobody sees while the part begins.
    const copy = Promise.resolve(body).catch((error: unknown) => {
      if (!(error instanceof BodyAborted)) services.note('mirror: the message could not be copied', { error });
      return undefined;
    });
    const alarm = this.giveUpIn('with its recipients');
    for (const recipient of recipients) {
      const answer = await part.offer(recipient);
      if (this.ended) break;
      if (answer === undefined || answer.positive || answer === part.failure) continue;
      services.note('mirror: the shadow refused a recipient', {
        recipient: recipient.mailbox.address,
        reply: String(answer),
      });
    }
    this.cancel(alarm);
    const message = await copy;
    if (message === undefined || part.taken.length === 0) this.giveUp('there is nothing for it');
    else if (!this.ended) await part.send(message);
    if (await this.decision) {
      for (const [recipient, answer] of await part.commit()) {
        if (answer.positive || answer === part.failure || this.ended) continue;
        services.note('mirror: the shadow did not deliver', {
          recipient: recipient.mailbox.address,
          reply: String(answer),
        });
      }
    }
    this.end();
    // A part that has failed or committed has nothing to abort any more.
    await part.abort('over');
  }

  private end(): void {
    this.ended = true;
    for (const alarm of this.alarms) this.cancel(alarm);
  }

  private giveUpIn(when: string): Alarm | undefined {
    if (this.ended) return undefined;
    const { clock, timeout, note } = this.services;
    const alarm = clock.after(timeout, () => {
      note(`mirror: the shadow takes too long ${when}, and is given up`);
      this.giveUp('the shadow took too long');
    });
    this.alarms.add(alarm);
    return alarm;
  }

  private cancel(alarm: Alarm | undefined): void {
    if (alarm === undefined) return;
    alarm.cancel();
    this.alarms.delete(alarm);
  }
}

/** Both sides of a SASL exchange, one step at a time. For the contract suite of mechanisms, and for their specs. */
import type { SaslExchange, SaslMechanism, SaslStep, Session } from '@mailverb/contract';

/**
 * The client's side of one exchange: its answer to a challenge. Undefined stands for the beginning, where it may send an initial response
 * or, by undefined, none. What comes with the success is its last challenge. Throws if it does not believe the server.
 */
export type SaslClient = (challenge: Uint8Array | undefined) => Uint8Array | undefined;

/** What a client throws that does not believe the server. */
export class SaslClientError extends Error {
  override readonly name = 'SaslClientError';
}

/** How an exchange ends. */
export type SaslEnd = Extract<SaslStep, { type: 'success' | 'failure' }>;

/** How a dialogue is to go. */
export interface SaslDialogueOptions {
  /** False if the client keeps its first words until it is asked for them. Default true. */
  readonly initial?: boolean;
  /** Told each step of the exchange, before anything comes of it. */
  readonly seen?: (step: SaslStep) => void;
}

/** More than any mechanism needs. */
const MOST_STEPS = 10;

/** A client and a mechanism that talk. */
export class SaslDialogue {
  /** Whom the client said to be. */
  readonly claims: string[] = [];
  readonly challenges: Uint8Array[] = [];
  /** How it ended, once it has. */
  end: SaslEnd | undefined;
  readonly exchange: SaslExchange;
  private next: () => Promise<SaslStep>;
  private steps = 0;

  constructor(
    mechanism: SaslMechanism,
    session: Session,
    private readonly client: SaslClient,
    private readonly options: SaslDialogueOptions = {},
  ) {
    this.exchange = mechanism.begin(session);
    this.next = () => this.say(options.initial === false ? undefined : client(undefined));
  }

  /** One step. @throws (rejects) what the exchange throws. */
  async step(): Promise<void> {
    if (this.end !== undefined) throw new Error('the exchange is over');
    if ((this.steps += 1) > MOST_STEPS) throw new Error('the exchange has no end');
    const step = await this.next();
    this.options.seen?.(step);
    switch (step.type) {
      case 'challenge':
        this.challenges.push(step.data);
        this.next = () => this.say(this.answer(step.data));
        return;
      case 'claim':
        this.claims.push(step.name);
        this.next = async () => step.proceed();
        return;
      case 'success':
        if (step.data !== undefined && (this.client(step.data)?.length ?? 0) > 0) {
          throw new Error('the client had more to say');
        }
        this.end = step;
        return;
      case 'failure':
        this.end = step;
        return;
      default:
        throw new Error('no such step');
    }
  }

  /** All the others. */
  async finish(): Promise<SaslEnd> {
    while (this.end === undefined) await this.step();
    return this.end;
  }

  private answer(challenge: Uint8Array): Uint8Array {
    const response = this.client(challenge);
    if (response === undefined) throw new Error('the client has no answer');
    return response;
  }

  private async say(response: Uint8Array | undefined): Promise<SaslStep> {
    // Views into what is overwritten when the step is done, as the server's buffers are: whoever keeps one too long reads rubbish.
    const memory = response === undefined ? undefined : Buffer.concat([Buffer.from('?'), response]);
    const step = await this.exchange.step(memory?.subarray(1));
    memory?.fill('?');
    return step;
  }
}

/** As much of amqplib and of a broker behind it as the strategy sees: what it keeps, and how it misbehaves, is the test's. */
import { EventEmitter } from 'node:events';

/** What it has confirmed. */
export interface Kept {
  readonly exchange: string;
  readonly routingKey: string;
  readonly body: Buffer;
  readonly options: Readonly<Record<string, unknown>>;
}

type Confirm = (error: Error | null) => void;

/** The broker: `connect` stands for amqplib's. */
export class FakeAmqp {
  readonly kept: Kept[] = [];
  /** Every connection that was asked for: where, and how. */
  readonly asked: { readonly where: unknown; readonly how: { readonly signal?: AbortSignal } }[] = [];
  /** Those that live. */
  readonly models = new Set<FakeModel>();
  readonly declared: unknown[] = [];
  readonly exchanges = new Set(['mail']);
  /** How a message is answered; absent for a confirm. */
  answer: 'confirm' | 'nack' | 'return' | 'none' | 'throw' | 'channel-error' = 'confirm';
  /** Routing keys that lead nowhere, whatever the answer is. */
  readonly unroutable = new Set<string>();
  /** Refuses who connects, with this. */
  refuse: Error | undefined;
  /** Does not answer who connects, or who says goodbye. */
  silent = false;

  readonly connect = (where: unknown, how: { readonly signal: AbortSignal }): Promise<FakeModel> => {
    this.asked.push({ where, how });
    if (this.refuse !== undefined) return Promise.reject(this.refuse);
    if (this.silent) {
      return new Promise((_, reject) => how.signal.addEventListener('abort', () => reject(new Error('aborted'))));
    }
    const model = new FakeModel(this, how.signal);
    this.models.add(model);
    return Promise.resolve(model);
  };

  get model(): FakeModel {
    const [model] = this.models;
    if (model === undefined) throw new Error('there is no connection');
    return model;
  }
}

export class FakeModel extends EventEmitter {
  readonly channels: FakeChannel[] = [];
  private over = false;

  constructor(
    readonly broker: FakeAmqp,
    signal: AbortSignal,
  ) {
    super();
    signal.addEventListener('abort', () => this.lose(new Error('the socket was taken away')));
  }

  async createConfirmChannel(): Promise<FakeChannel> {
    const channel = new FakeChannel(this.broker);
    this.channels.push(channel);
    return channel;
  }

  close(): Promise<void> {
    if (this.over) return Promise.reject(new Error('it is over'));
    if (this.broker.silent) return new Promise(() => undefined);
    this.end(undefined);
    return Promise.resolve();
  }

  /** The connection breaks. */
  lose(error: Error): void {
    if (this.over) return;
    this.emit('error', error);
    this.end(error);
  }

  private end(error: Error | undefined): void {
    this.over = true;
    this.broker.models.delete(this);
    for (const channel of this.channels) channel.end();
    this.emit('close', error);
  }
}

export class FakeChannel extends EventEmitter {
  private readonly unconfirmed = new Set<Confirm>();
  private over = false;

  constructor(private readonly broker: FakeAmqp) {
    super();
  }

  async checkExchange(name: string): Promise<void> {
    if (this.broker.exchanges.has(name)) return;
    const error = new Error(`404 NOT_FOUND - no exchange '${name}'`);
    this.fail(error);
    throw error;
  }

  async assertQueue(...args: unknown[]): Promise<void> {
    this.broker.declared.push(['queue', ...args]);
  }

  async bindQueue(...args: unknown[]): Promise<void> {
    this.broker.declared.push(['bind', ...args]);
  }

  publish(exchange: string, routingKey: string, body: Buffer, options: Record<string, unknown>, confirm: Confirm) {
    const answer = this.broker.unroutable.has(routingKey) ? 'return' : this.broker.answer;
    if (this.over || answer === 'throw') throw new Error('channel closed');
    this.unconfirmed.add(confirm);
    const settle = (error: Error | null) => {
      if (this.unconfirmed.delete(confirm)) confirm(error);
    };
    switch (answer) {
      case 'confirm':
        this.broker.kept.push({ exchange, routingKey, body: Buffer.from(body), options });
        setImmediate(settle, null);
        break;
      case 'nack':
        setImmediate(settle, new Error('message nacked'));
        break;
      case 'return':
        setImmediate(() => {
          this.emit('return', { fields: { replyCode: 312, replyText: 'NO_ROUTE' }, properties: options });
          settle(null);
        });
        break;
      case 'channel-error':
        setImmediate(() => this.fail(new Error('406 PRECONDITION_FAILED')));
        break;
      case 'none':
    }
    return true;
  }

  /** The broker closes the channel. */
  fail(error: Error): void {
    this.emit('error', error);
    this.end();
  }

  end(): void {
    if (this.over) return;
    this.over = true;
    for (const confirm of this.unconfirmed) confirm(new Error('channel closed'));
    this.unconfirmed.clear();
    this.emit('close');
  }
}

import { PublishError, type Publication, type Publisher } from './index.js';

/** What a producer of a Kafka client can do (this is the shape of kafkajs). */
export interface Producer {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  send(record: { topic: string; acks: number; messages: object[] }): Promise<unknown>;
}

export class KafkaPublisher implements Publisher {
  readonly durability = 'remote';

  constructor(private readonly producer: Producer) {}

  start = () => this.producer.connect();
  stop = () => this.producer.disconnect();

  async publish({ id, target, headers, body }: Publication): Promise<void> {
    const message = { key: id, value: Buffer.from(body), headers: Object.fromEntries(headers) };
    try {
      // -1: all replicas that are in sync have it.
      await this.producer.send({ topic: target, acks: -1, messages: [message] });
    } catch (cause) {
      throw new PublishError('unconfirmed', 'kafka: the brokers have not acknowledged the message', { cause });
    }
  }
}

/** Publications as messages of a JetStream stream. */
import type { Clock, Lifecycle, Logger } from '@mailverb/contract';
import { JetStreamApiError } from '@nats-io/jetstream';
import { headers, type MsgHdrs } from '@nats-io/transport-node';
import { BrokerLink, PublishError, type Publication, type Publisher } from '@mailverb/publish';
import { connectToStream, type StreamConnection } from './stream-connection.js';
import type { NatsOptions } from './nats.options.js';

/** What the server says of a message for a stream that is not the expected one, and of one that is too large. */
const WRONG_STREAM = 10_060;
const TOO_LARGE = 10_054;

/** Publishes, and waits for the acknowledgement. */
export class NatsPublisher implements Publisher, Lifecycle {
  readonly durability = 'remote';
  readonly #link: BrokerLink<StreamConnection>;
  readonly #stream: string;
  readonly #ackTimeout: number;

  constructor(options: NatsOptions, clock: Clock, logger: Logger) {
    this.#link = new BrokerLink('nats', (signal) => connectToStream(options, logger, signal), options, clock, logger);
    this.#stream = options.stream;
    // Whoever waits gives up earlier. This is how long the message counts as in flight: until the answer, or until it is clear that none comes, because
    // the connection is dead (its own two pings and the one before) or the answer lost.
    this.#ackTimeout = options.timeout + 3 * options.pingInterval;
  }

  get trouble(): PublishError | undefined {
    return this.#link.trouble;
  }

  get maxOctets(): number | undefined {
    return this.#link.trouble === undefined ? this.#link.connection.maxOctets : undefined;
  }

  start(): Promise<void> {
    return this.#link.start();
  }

  stop(): Promise<void> {
    return this.#link.stop();
  }

  async publish({ id, target, headers: envelope, body }: Publication): Promise<void> {
    const { jetstream, maxOctets } = this.#link.connection;
    const fields = headersOf(envelope, id);
    if (body.length + octetsOf(fields) > maxOctets) {
      throw new PublishError('too-large', `nats: the server takes no more than ${maxOctets} octets`);
    }
    try {
      const expect = { streamName: this.#stream };
      const ack = await jetstream.publish(target, body, {
        msgID: id,
        headers: fields,
        expect,
        timeout: this.#ackTimeout,
      });
      // A duplicate is one that the stream has: the acknowledgement of an earlier attempt was lost.
      if (ack.stream !== this.#stream) throw new Error(`another stream has acknowledged it: ${ack.stream}`);
    } catch (error) {
      throw publishError(error);
    }
  }
}

function headersOf(envelope: Publication['headers'], id: string): MsgHdrs {
  const fields = headers();
  for (const [name, value] of envelope) for (const one of [value].flat()) fields.append(name, one);
  fields.set('Nats-Msg-Id', id);
  return fields;
}

/** As they are written, and a little for those that the library adds. */
function octetsOf(fields: MsgHdrs): number {
  let octets = 400;
  for (const [name, values] of fields) for (const value of values) octets += name.length + Buffer.byteLength(value) + 4;
  return octets;
}

function publishError(cause: unknown): PublishError {
  // So it calls the answer of a server where nobody listens; the class itself is not exported.
  if (cause instanceof Error && cause.name === 'JetStreamNotEnabled') {
    return new PublishError('unroutable', 'nats: no stream listens to the subject', { cause });
  }
  if (cause instanceof JetStreamApiError && cause.code === WRONG_STREAM) {
    return new PublishError('unroutable', 'nats: another stream listens to the subject', { cause });
  }
  if (cause instanceof JetStreamApiError && cause.code === TOO_LARGE) {
    return new PublishError('too-large', 'nats: the message is too large for the stream', { cause });
  }
  return new PublishError('unconfirmed', 'nats: the stream has not acknowledged the message', { cause });
}

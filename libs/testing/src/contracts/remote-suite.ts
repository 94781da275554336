/** What the tests of remote deliveries have in common: a peer and a strategy for each, messages to send, and what must be true of them afterwards. */
import type {
  DeliveryContext,
  DeliveryStrategy,
  DeliveryTransaction,
  Envelope,
  Lifecycle,
  MaybePromise,
  Recipient,
  Session,
} from '@mailverb/contract';
import { SmtpError } from '@mailverb/contract';
import { reply, type Reply } from '@mailverb/protocol';
import { settle, within } from '../event-loop.js';
import type { PeerFault, PeerOptions } from '../peer/peer-options.js';
import { scriptedPeer, type ScriptedPeer } from '../peer/scripted-peer.js';
import { deliver, type DeliverOptions } from './deliver.js';

/** Where a strategy is to deliver, and how. */
export interface RemoteTarget {
  readonly host: string;
  readonly port: number;
  readonly protocol: 'smtp' | 'lmtp';
  /** `none`: in clear. `required`: STARTTLS with a certificate that `ca` has signed for the host, or no mail. */
  readonly tls: 'none' | 'required';
  readonly ca: string | undefined;
  /** How long each step may take at most, in milliseconds. */
  readonly timeoutMs: number;
  /** To log in with; undefined for no need. Only with `tls: 'required'`. */
  readonly credentials: { readonly username: string; readonly password: string } | undefined;
}

/** Makes the strategy of one test, started. */
export type RemoteDeliveryFactory = (target: RemoteTarget) => MaybePromise<DeliveryStrategy & Lifecycle>;

/** What the suite must know of the strategy. */
export interface DescribeRemoteDeliveryOptions {
  /** Default `smtp`. */
  readonly protocol?: 'smtp' | 'lmtp';
  /** What the peer offers; default PIPELINING and 8BITMIME. Run the suite once with CHUNKING if the strategy knows it. */
  readonly keywords?: readonly string[];
  /** False if it knows no TLS. */
  readonly tls?: boolean;
  /** True if it can log in, by PLAIN or LOGIN. */
  readonly auth?: boolean;
}

/** Enough for a machine that is busy, and not much for who waits for it. */
const TIMEOUT_MS = 400;
/** Every step may take its time, and a second attempt may be made. */
const PATIENCE_MS = 5000;
const STOP_MS = 5000;
const CLOSED_MS = 2000;
/** For a test of many connections; it takes a fraction of that. */
const LONG_MS = 60_000;

export const ONE: readonly string[] = ['b@test.example'];
export const THREE: readonly string[] = ['b@test.example', 'c@test.example', 'd@test.example'];

/** A message that was given to the strategy, and what it said of it. */
export interface Sent {
  readonly bytes: Buffer;
  /** The code that each recipient got, at whichever moment. */
  readonly codes: ReadonlyMap<string, number>;
}

/** A strategy, and the peer that it delivers to. */
export class RemoteUnderTest {
  private readonly sent: Sent[] = [];
  private readonly begun: Promise<unknown>[] = [];

  constructor(
    readonly peer: ScriptedPeer,
    readonly strategy: DeliveryStrategy & Lifecycle,
  ) {}

  /** Delivers a message as the core does. What is thrown is a code too. */
  async send(to: readonly string[] = ONE, bytes: Buffer = someMessage(), options: DeliverOptions = {}): Promise<Sent> {
    const sent = await within(
      this.attempt(to, bytes, options),
      () => new Error('the delivery does not end'),
      PATIENCE_MS,
    );
    this.sent.push(sent);
    return sent;
  }

  /** What was answered with 2xx is at the peer exactly once; whatever is there was sent, is whole, and is there once. */
  expectTruth(): void {
    const { messages } = this.peer;
    for (const { bytes, to } of messages) {
      const one = this.sent.find((sent) => sent.bytes.equals(bytes));
      expect({ octets: bytes.length, wasSent: one !== undefined }).toEqual({ octets: bytes.length, wasSent: true });
      for (const { path } of to) expect([...(one?.codes.keys() ?? [])]).toContain(path);
    }
    for (const { bytes, codes } of this.sent) {
      for (const [recipient, code] of codes) {
        const copies = messages.filter(
          (one) => one.bytes.equals(bytes) && one.to.some(({ path }) => path === recipient),
        );
        if (code < 300) expect({ recipient, code, copies: copies.length }).toEqual({ recipient, code, copies: 1 });
        else expect(copies.length).toBeLessThan(2);
      }
    }
  }

  /** The same, and does not wait for it: it must end when the strategy is stopped. */
  begin(): void {
    const sending = this.send();
    sending.catch(() => undefined);
    this.begun.push(sending);
  }

  /** Resolves when what was begun has ended. */
  async ended(): Promise<void> {
    await Promise.all(this.begun);
  }

  /** The same, of which nothing must be true afterwards. */
  async attempt(to: readonly string[], bytes: Buffer, options: DeliverOptions = {}): Promise<Sent> {
    const codes = new Map<string, number>();
    const careful = new Careful(this.strategy);
    try {
      const { refused, outcomes } = await deliver(careful, to, bytes, options);
      for (const [address, answer] of refused) codes.set(address, answer.code);
      for (const { recipient, reply: answer } of outcomes) codes.set(recipient.mailbox.address, answer.code);
    } catch (error) {
      for (const address of to) codes.set(address, careful.refused.get(address)?.code ?? replyFor(error).code);
    }
    expect([...codes.keys()].toSorted()).toEqual([...to].toSorted());
    return { bytes, codes };
  }
}

/** One strategy's run of the suite. */
export class RemoteSuite {
  readonly protocol: 'smtp' | 'lmtp';
  readonly keywords: readonly string[];
  readonly timeoutMs = TIMEOUT_MS;

  constructor(
    private readonly factory: RemoteDeliveryFactory,
    readonly options: DescribeRemoteDeliveryOptions,
  ) {
    this.protocol = options.protocol ?? 'smtp';
    this.keywords = options.keywords ?? ['PIPELINING', '8BITMIME'];
  }

  /** A test with a peer and a strategy of its own, and what must be true after each. */
  test(
    title: string,
    peer: PeerOptions,
    run: (under: RemoteUnderTest) => Promise<void>,
    target: Partial<RemoteTarget> = {},
  ): void {
    this.it(title, () => this.under(peer, run, target));
  }

  /** A test with room for many connections. Jest fails it for a rejected promise that nobody waits for: there is time for that to be seen. */
  it(title: string, run: () => Promise<void>): void {
    const unhurried = async () => {
      await run();
      await settle();
    };
    it(title, unhurried, LONG_MS);
  }

  async under(
    peerOptions: PeerOptions,
    run: (under: RemoteUnderTest) => Promise<void>,
    target: Partial<RemoteTarget> = {},
  ): Promise<void> {
    const { protocol, keywords, timeoutMs } = this;
    const peer = await scriptedPeer({ protocol, keywords, ...peerOptions });
    try {
      const { host, port, ca } = peer;
      const known = { host, port, ca, protocol, timeoutMs, tls: 'none' as const, credentials: undefined };
      const strategy = await this.factory({ ...known, ...target });
      const under = new RemoteUnderTest(peer, strategy);
      try {
        await run(under);
      } finally {
        await within(stop(strategy), () => new Error('the strategy does not stop'), STOP_MS);
      }
      await peer.allClosed(CLOSED_MS);
      await under.ended();
      under.expectTruth();
      expect(peer.violations).toEqual([]);
    } finally {
      await peer.close();
    }
  }

  /** One message to a peer with each of these faults, several at a time: each must come to one of these classes. */
  async eachFault(
    cases: readonly (readonly [what: string, peer: PeerOptions])[],
    classes: readonly number[],
    target: Partial<RemoteTarget> = {},
    message: () => Buffer = someMessage,
  ): Promise<void> {
    const failures = await Promise.all(
      cases.map(([what, peer]) =>
        this.under(peer, async (under) => expectClass(await under.send(ONE, message()), ...classes), target).then(
          () => undefined,
          (error: unknown) => `${what}: ${error instanceof Error ? error.message : String(error)}`,
        ),
      ),
    );
    expect(failures.filter((failure) => failure !== undefined)).toEqual([]);
  }
}

/** Each recipient has got a code of one of these classes. */
export function expectClass({ codes }: Sent, ...classes: readonly number[]): void {
  for (const [recipient, code] of codes) {
    const right = classes.includes(Math.floor(code / 100));
    expect({ recipient, code, right }).toEqual({ recipient, code, right: true });
  }
}

export function faultAt(fault: PeerFault): PeerOptions {
  return { fault };
}

let messages = 0;

/** A message like no other, always of the same length. */
export function someMessage(rest = ''): Buffer {
  messages += 1;
  return Buffer.from(`X: ${String(messages).padStart(6, '0')}\r\n${rest}`, 'latin1');
}

async function stop(strategy: Lifecycle): Promise<void> {
  await strategy.stop?.();
}

/** What the core says of what a plugin throws. */
function replyFor(error: unknown): Reply {
  return error instanceof SmtpError ? error.reply : reply(451, '4.3.0', 'local error');
}

/** The strategy as the core sees it: what `begin` and `recipient` throw is a reply, and `abort` follows whatever has begun. */
class Careful implements DeliveryStrategy {
  readonly refused = new Map<string, Reply>();

  constructor(private readonly strategy: DeliveryStrategy) {}

  get durability() {
    return this.strategy.durability;
  }

  async begin(envelope: Envelope, session: Session, context: DeliveryContext): Promise<DeliveryTransaction> {
    try {
      return this.guard(await this.strategy.begin(envelope, session, context));
    } catch (error) {
      return nobody(replyFor(error));
    }
  }

  private guard(transaction: DeliveryTransaction): DeliveryTransaction {
    const recipient = async (one: Recipient) => {
      try {
        const answer = await transaction.recipient(one);
        if (answer?.positive === false) this.refused.set(one.mailbox.address, answer);
        return answer;
      } catch (error) {
        const answer = replyFor(error);
        this.refused.set(one.mailbox.address, answer);
        return answer;
      }
    };
    return {
      recipient,
      body: (body) => transaction.body(body),
      commit: () => transaction.commit(),
      abort: (reason) => transaction.abort(reason),
    };
  }
}

function nobody(answer: Reply): DeliveryTransaction {
  return { recipient: () => answer, body: () => undefined, commit: () => [], abort: () => undefined };
}

/** What all transactions of one strategy share: the program, places for its runs, and what their ends mean. */
import type { Clock, Envelope, HeldMessage, Logger, Recipient, Session } from '@mailverb/contract';
import { BodyAborted, delivered } from '@mailverb/contract';
import { reply, type Reply } from '@mailverb/protocol';
import { resolve } from 'node:path';
import { isFitRecipient, isFitSender } from './addresses.js';
import { ArgumentList, type OptionLike, type Placeholder } from './arguments.js';
import { environmentOf } from './environment.js';
import { FAILED, replyFromOutput, replyToExit } from './exit-codes.js';
import { inputOf } from './message.js';
import type { PipeOptions } from './pipe.options.js';
import { Places } from './places.js';
import { runProgram, type Ended } from './program.js';

const BAD_RECIPIENT = reply(553, '5.1.3', 'mail for such a name can not be delivered here');
const BAD_SENDER = reply(553, '5.1.7', 'mail of such a sender can not be delivered here');
const BUSY = reply(451, '4.3.2', 'too many deliveries at once, try again later');
const SLOW = reply(451, '4.4.7', 'the delivery took too long, try again later');

/** One message, with whom it is from. */
export interface Mail {
  readonly envelope: Envelope;
  readonly session: Session;
}

/** Runs the program. */
export class Runner {
  readonly program: string;
  readonly directory: string;
  private readonly args: ArgumentList;
  private readonly fixed: ReadonlyMap<string, string>;
  private readonly places: Places;
  /** Transactions that deliver now. */
  private readonly busy = new Map<AbortController, Promise<unknown>>();

  constructor(
    readonly options: PipeOptions,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {
    this.program = resolve(options.program);
    this.directory = resolve(options.directory);
    this.args = new ArgumentList(options.args, options.each);
    const inherited = options.inherit.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value] as const];
    });
    this.fixed = new Map([...inherited, ...Object.entries(options.env)]);
    this.places = new Places(options.maxProcesses, options.maxWait, clock);
  }

  /** Why a message can't be given to the program for this recipient; undefined if it can. */
  refusalOf(mail: Mail, recipient: Recipient): Reply | undefined {
    const { addresses } = this.options;
    const { reversePath } = mail.envelope;
    if (!isFitRecipient(recipient.mailbox, addresses)) return BAD_RECIPIENT;
    if (reversePath !== null && !isFitSender(reversePath, addresses)) return BAD_SENDER;
    const args = this.argumentsFor(mail, 0, [recipient]);
    return isOptionLike(args) ? refusalOfOption(args) : undefined;
  }

  /** Runs it once. Gives the reply. @param to the recipients of this run: one of them, or all. @param signal ends it. */
  async run(mail: Mail, message: HeldMessage, to: readonly Recipient[], signal: AbortSignal): Promise<Reply> {
    if (!(await this.places.take(signal))) {
      if (!signal.aborted) this.logger.warn(this.facts(mail, to), 'pipe: no place for one more process');
      return BUSY;
    }
    try {
      const args = this.argumentsFor(mail, message.size, to);
      if (isOptionLike(args)) return refusalOfOption(args);
      const { options, clock } = this;
      const one = options.each === 'recipient' ? to[0] : undefined;
      const call = {
        ...options,
        program: this.program,
        args,
        cwd: this.directory,
        env: this.environment(mail, message, one),
      };
      const limits = { timeoutMs: options.timeout, killAfterMs: options.killAfter, maxOutput: options.maxOutput };
      const body = inputOf(message, mail.envelope, options, one, clock.now());
      const ended = await runProgram(call, body, limits, { clock, signal });
      return this.judge(ended, mail, to);
    } finally {
      this.places.give();
    }
  }

  /** Has work ended by {@link stop}, if it comes to that. */
  async track<T>(cancel: AbortController, work: Promise<T>): Promise<T> {
    this.busy.set(cancel, work);
    try {
      return await work;
    } finally {
      this.busy.delete(cancel);
    }
  }

  /** Ends what still runs. */
  async stop(): Promise<void> {
    for (const cancel of this.busy.keys()) cancel.abort(new BodyAborted('the server stops'));
    await Promise.allSettled(this.busy.values());
  }

  private judge(ended: Ended, mail: Mail, to: readonly Recipient[]): Reply {
    const { code, complete, output, stopped } = ended;
    const fields = { ...this.facts(mail, to), ...ended };
    if (stopped === 'aborted') return FAILED;
    if (stopped === undefined && code === 0) {
      if (complete || this.options.mayStopReading) {
        if (output !== '')
          this.logger.info({ ...this.facts(mail, to), output }, 'pipe: the program had something to say');
        return delivered(`delivered as ${mail.envelope.id}`);
      }
      // It can't have stored what it has not read.
      this.logger.warn(fields, 'pipe: the program ended well, but without the whole message');
      return FAILED;
    }
    if (stopped === 'timeout') {
      this.logger.warn(fields, 'pipe: the program took too long, and was stopped');
      return SLOW;
    }
    if (stopped !== undefined || code === undefined) {
      this.logger.warn(fields, 'pipe: the program did not run to its end');
      return FAILED;
    }
    this.logger.warn(fields, 'pipe: the program did not take a message');
    return (this.options.outputReply ? replyFromOutput(output) : undefined) ?? replyToExit(code, this.options.failures);
  }

  private facts({ envelope }: Mail, to: readonly Recipient[]) {
    const recipients = to.map(({ mailbox }) => mailbox.address);
    return { program: this.program, transaction: envelope.id, recipients };
  }

  private argumentsFor({ envelope, session }: Mail, size: number, to: readonly Recipient[]) {
    const values = new Map<Placeholder, string>([
      ['sender', envelope.reversePath?.address ?? this.options.nullSender],
      ['id', envelope.id],
      ['size', `${size}`],
      ['client', session.remoteAddress],
    ]);
    const [one] = to;
    if (this.options.each === 'recipient' && one !== undefined) {
      const { user, extension } = this.partsOf(one);
      values.set('recipient', one.mailbox.address);
      values.set('local', one.mailbox.local);
      values.set('user', user);
      values.set('extension', extension);
      values.set('domain', domainOf(one, session));
    }
    return this.args.fill(
      values,
      to.map(({ mailbox }) => mailbox.address),
    );
  }

  private environment({ envelope, session }: Mail, { size }: HeldMessage, recipient: Recipient | undefined) {
    const { nullSender } = this.options;
    const told = { envelope, session, nullSender, size };
    if (recipient === undefined) return environmentOf(this.fixed, told);
    const { extension } = this.partsOf(recipient);
    return environmentOf(this.fixed, { ...told, to: { recipient, extension, domain: domainOf(recipient, session) } });
  }

  private partsOf({ mailbox: { local } }: Recipient): { readonly user: string; readonly extension: string } {
    const { subaddressSeparator } = this.options;
    const cut = subaddressSeparator === undefined ? -1 : local.indexOf(subaddressSeparator);
    return cut > 0 ? { user: local.slice(0, cut), extension: local.slice(cut + 1) } : { user: local, extension: '' };
  }
}

/** `postmaster` alone is that of the server. */
function domainOf({ mailbox }: Recipient, { listener }: Session): string {
  return mailbox.domain || listener.hostname;
}

function isOptionLike(filled: readonly string[] | OptionLike): filled is OptionLike {
  return 'name' in filled;
}

function refusalOfOption({ name }: OptionLike): Reply {
  return name === 'sender' ? BAD_SENDER : BAD_RECIPIENT;
}

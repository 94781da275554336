/**
 * One mail transaction with a server. The steps are those of a delivery (see the contract), and so live: each recipient's reply is the server's, and
 * nothing is a message for it before `end`.
 *
 * MAIL goes out with the first RCPT, in one write where the server knows PIPELINING. The end of the message (the dot, the last chunk) goes out with
 * what was left of it, so that a small message is one write.
 */
import type { Body, Recipient } from '@mailverb/contract';
import { isPromise } from '@mailverb/contract';
import { DataEncoder, Reply, reply } from '@mailverb/protocol';
import type { ClientConnection } from './connection.js';
import { ClientError } from './errors.js';
import { mailCommand, rcptCommand, type OutgoingEnvelope } from './mail-commands.js';
import type { ClientSettings } from './settings.js';

/** Octets that are gathered into one write, or one chunk. */
const GATHER = 64 * 1024;
/** Chunks on their way whose replies have not come (RFC 3030 4.2 allows any number). */
const MAX_CHUNKS = 16;
/** Buffers of one write. */
const MAX_PIECES = 32;

const END_OF_DATA = Buffer.from('.\r\n', 'latin1');
const LINE_END = Buffer.from('\r\n', 'latin1');
const BARE_NEWLINE = reply(550, '5.6.0', 'message has a bare CR or LF: it can not be sent on');

type Settings = Pick<ClientSettings, 'protocol' | 'timeouts' | 'chunking'>;

/** What the server said about the message as a whole, before or instead of its end. */
export class MessageRefused extends Error {
  override readonly name = 'MessageRefused';

  constructor(readonly reply: Reply) {
    super(`the server said ${String(reply)}`);
  }
}

/** A transaction. Use the connection for nothing else until it has ended, well or by `abort`. */
export class ClientTransaction {
  /** Recipients that the server took. */
  accepted = 0;
  private mail: Promise<Reply> | undefined = undefined;
  private mailReply: Reply | undefined = undefined;
  private encoder: DataEncoder | undefined = undefined;
  private counted = false;
  /** Replies to chunks that have not come. */
  private readonly chunks: Promise<void>[] = [];
  private chunkFailure: unknown = undefined;
  /** What becomes of the message, once its end was sent. */
  private answers: Promise<readonly (Reply | ClientError)[]> | undefined = undefined;
  private state: 'commands' | 'data' | 'ending' | 'over' = 'commands';

  constructor(
    readonly connection: ClientConnection,
    private readonly envelope: OutgoingEnvelope,
    private readonly settings: Settings,
  ) {
    connection.messages += 1;
    connection.gathered.clear();
  }

  /** True once MAIL was taken, and until the end: `abort` has something to take back. */
  get begun(): boolean {
    return this.mailReply?.positive === true && this.mail !== undefined;
  }

  /** True if the server has said nothing about this transaction yet: nothing is lost by beginning it elsewhere. */
  get untouched(): boolean {
    return this.mailReply === undefined;
  }

  /** Offers a recipient. The reply is the server's, to MAIL if that was refused. @throws {ClientError} */
  async recipient(recipient: Recipient): Promise<Reply> {
    const { connection, envelope, settings } = this;
    const refused = this.mailReply;
    if (refused !== undefined && !refused.positive) return refused;
    const rcpt = rcptCommand(recipient, connection.capabilities, envelope.parameters.SMTPUTF8 === true);
    if (rcpt instanceof Reply) return rcpt;
    if (this.mail === undefined) {
      const mail = mailCommand(envelope, connection.capabilities, connection.authenticated);
      if (mail instanceof Reply) return (this.mailReply = mail);
      connection.say(mail.text, mail.utf8);
      this.mail = connection.reply('mail', settings.timeouts.mail);
      if (!connection.capabilities.has('PIPELINING')) {
        connection.flush();
        if (!(await this.mailAnswered())) return this.mailReply ?? BARE_NEWLINE;
      }
    }
    connection.say(rcpt.text, rcpt.utf8);
    connection.flush();
    const coming = connection.reply('rcpt', settings.timeouts.rcpt);
    if (this.mailReply === undefined) {
      // Both fail with the connection, and one is enough to tell.
      coming.catch(() => undefined);
      if (!(await this.mailAnswered())) {
        // Its answer is nobody's; but it comes, or the connection is gone, and what MAIL was answered stands either way.
        await coming.catch(() => undefined);
        return this.mailReply ?? BARE_NEWLINE;
      }
    }
    const answer = final(await coming, connection, 'rcpt');
    if (answer.positive) this.accepted += 1;
    return answer;
  }

  /** Sends the message but for its end. @throws {MessageRefused} or {@link ClientError}; then only `abort` is left. */
  async data(body: Body): Promise<void> {
    const { connection, settings } = this;
    const binary = this.envelope.parameters.BODY === 'BINARYMIME';
    this.counted = (settings.chunking || binary) && connection.capabilities.has('CHUNKING');
    if (!binary) this.encoder = new DataEncoder(!this.counted);
    if (!this.counted) await this.startData();
    this.state = 'data';
    for (;;) {
      const next = body.read();
      const chunk = isPromise(next) ? await next : next;
      if (chunk === undefined) break;
      const waits = this.push(chunk);
      if (waits !== undefined) await waits;
      this.expectSilence();
    }
    this.expectSilence();
    if (this.encoder?.finish() === false) throw new MessageRefused(BARE_NEWLINE);
  }

  /**
   * Ends the message. Gives the server's reply; for LMTP one for each accepted recipient, in their order, and an error in place of those that did not
   * come: whether the server has the message for them is not known.
   * @throws what the chunks before the end came to: then the server has nothing.
   */
  async end(): Promise<readonly (Reply | ClientError)[]> {
    const { connection, settings } = this;
    const { gathered } = connection;
    if (this.chunks.length > 0) await this.settledChunks();
    this.expectSilence();
    // Given up meanwhile: what is sent now would be the end of nothing.
    if (this.state !== 'data')
      throw new ClientError('closed', 'final', `${connection.peer}: the transaction was given up`);
    this.state = 'ending';
    if (this.counted) {
      connection.say(`BDAT ${gathered.length} LAST`);
      connection.write(gathered.view());
    } else {
      if (this.encoder?.complete === false) gathered.append(LINE_END);
      gathered.append(END_OF_DATA);
      connection.write(gathered.view());
    }
    const count = settings.protocol === 'lmtp' ? this.accepted : 1;
    this.answers = Promise.all(Array.from({ length: count }, () => this.finalReply()));
    const answers = await this.answers;
    this.state = 'over';
    return answers;
  }

  /** Leaves nothing of it on the server. The connection can be used again afterwards if it is `quiet`. */
  async abort(): Promise<void> {
    const { connection, state } = this;
    // The end was sent, and can't be taken back: hanging up now would only leave it in doubt.
    if (this.answers !== undefined) return void (await this.answers);
    this.state = 'over';
    if (state === 'over') return;
    // What has begun as DATA can only be stopped by hanging up, and who has not answered may do so at any time.
    if (!connection.quiet || (state === 'data' && !this.counted)) return connection.destroy();
    if (this.mail === undefined) return;
    try {
      const answer = await connection.ask('RSET', 'rset', this.settings.timeouts.hello);
      if (answer.code !== 250) connection.destroy();
    } catch {
      // It is gone, and with it the transaction.
    }
  }

  /** @throws what came, or happened, before the end was sent: taken for the answer to it, a 250 would be one to a message that nobody has. */
  private expectSilence(): void {
    if (this.chunkFailure !== undefined) throw this.chunkFailure;
    const { interruption, error } = this.connection;
    // Who says why and hangs up has said why.
    if (interruption !== undefined) throw new MessageRefused(refusalOr(interruption));
    if (error !== undefined) throw error;
  }

  private async mailAnswered(): Promise<boolean> {
    const { connection } = this;
    this.mailReply = final(
      await (this.mail ?? connection.reply('mail', this.settings.timeouts.mail)),
      connection,
      'mail',
    );
    return this.mailReply.positive;
  }

  private async finalReply(): Promise<Reply | ClientError> {
    const { connection, settings } = this;
    try {
      return final(await connection.reply('final', settings.timeouts.final), connection, 'final');
    } catch (error) {
      if (error instanceof ClientError) return error;
      throw error;
    }
  }

  private async startData(): Promise<void> {
    const { connection, settings } = this;
    const answer = await connection.ask('DATA', 'data', settings.timeouts.data);
    if (answer.code === 354) return;
    if (answer.positive) throw protocolError(connection, 'data', answer);
    throw new MessageRefused(answer);
  }

  /** A piece of the message: gathered, or sent if that is too much. Resolves when the chunk is not needed any more. */
  private push(chunk: Uint8Array): Promise<void> | undefined {
    const { encoder } = this;
    const { gathered } = this.connection;
    const fits = gathered.length + chunk.length <= GATHER;
    if (encoder === undefined) {
      if (fits) return gathered.append(chunk) as undefined;
      return this.send([chunk]);
    }
    if (fits) {
      encoder.encode(chunk, (piece) => gathered.append(piece));
      return undefined;
    }
    const pieces: Uint8Array[] = [];
    encoder.encode(chunk, (piece) => pieces.push(piece));
    // Where there are many dots, copying everything once is cheaper than a buffer for each.
    return this.send(pieces.length > MAX_PIECES ? [Buffer.concat(pieces)] : pieces);
  }

  private async send(pieces: readonly Uint8Array[]): Promise<void> {
    const { connection, settings } = this;
    const { gathered } = connection;
    const all = gathered.length === 0 ? pieces : [Uint8Array.from(gathered.view()), ...pieces];
    gathered.clear();
    const octets = all.reduce((sum, piece) => sum + piece.length, 0);
    if (octets === 0) return;
    if (this.counted) connection.say(`BDAT ${octets}`);
    connection.write(...all);
    if (this.counted) this.expectChunk();
    await connection.flushed(settings.timeouts.body);
    const most = connection.capabilities.has('PIPELINING') ? MAX_CHUNKS : 1;
    if (this.chunks.length >= most) await this.chunks[0];
  }

  private expectChunk(): void {
    const { connection, chunks, settings } = this;
    const settled = connection.reply('body', settings.timeouts.body).then(
      (answer) => {
        if (answer.code < 200 || answer.code > 299)
          this.chunkFailure ??= answer.positive
            ? protocolError(connection, 'body', answer)
            : new MessageRefused(answer);
      },
      (error: unknown) => void (this.chunkFailure ??= error),
    );
    chunks.push(settled);
    void settled.then(() => chunks.shift());
  }

  private async settledChunks(): Promise<void> {
    while (this.chunks.length > 0) await this.chunks.at(-1);
  }
}

/** A reply that ends a command. 421 is the end of the connection (RFC 5321 3.8), whatever it was said to. */
function final(answer: Reply, connection: ClientConnection, step: 'mail' | 'rcpt' | 'final'): Reply {
  if (answer.code >= 300 && answer.code <= 399) throw protocolError(connection, step, answer);
  if (answer.code === 421) connection.destroy();
  return answer;
}

function protocolError(
  connection: ClientConnection,
  step: 'mail' | 'rcpt' | 'data' | 'body' | 'final',
  answer: Reply,
): ClientError {
  connection.destroy();
  return new ClientError('protocol', step, `${connection.peer}: said ${String(answer)} to ${step}`, answer);
}

function refusalOr(answer: Reply): Reply {
  return answer.positive ? reply(451, '4.5.0', 'the next hop answered before the end of the message') : answer;
}

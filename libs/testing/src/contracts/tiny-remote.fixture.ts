/** A small SMTP and LMTP client as a delivery, right unless it is told to be wrong: for the spec of the suite of remote deliveries, and for nothing else. */
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { collect } from '@mailverb/body';
import {
  SmtpError,
  type Body,
  type DeliveryContext,
  type DeliveryStrategy,
  type DeliveryTransaction,
  type Envelope,
  type Lifecycle,
  type Outcome,
  type Recipient,
} from '@mailverb/contract';
import { reply, type Reply } from '@mailverb/protocol';
import type { RemoteTarget } from './remote-suite.js';

/** What it does wrong. */
export interface Flaws {
  /** Says 250 whatever comes after the dot. */
  readonly believesFinal?: boolean;
  /** Says it again when the connection was lost after the dot. */
  readonly repeats?: boolean;
  /** Leaves its sockets open. */
  readonly leaks?: boolean;
  /** Waits for ever. */
  readonly waits?: boolean;
  readonly stuffsNothing?: boolean;
  /** Has no look at the replies to RCPT. */
  readonly ignoresRcpt?: boolean;
  /** Sends the data whatever was said to DATA. */
  readonly ignoresData?: boolean;
  readonly trustsAnybody?: boolean;
  /** Goes on in clear where there is no TLS. */
  readonly staysInClear?: boolean;
  /** Says 554 where a connection fails. */
  readonly givesUp?: boolean;
  /** Says 451 whatever the peer has said. */
  readonly neverGivesUp?: boolean;
  /** Sends what it has of a body that breaks off. */
  readonly sendsHalves?: boolean;
  readonly keepsBareNewlines?: boolean;
  /** Says everything up to DATA in one piece, whatever is offered. */
  readonly pipelines?: boolean;
  /** Takes replies that have come too early. */
  readonly takesEarly?: boolean;
  /** What came in clear behind STARTTLS is read inside TLS. */
  readonly keepsInjected?: boolean;
  /** Lets the connection go on after the signal. */
  readonly ignoresSignal?: boolean;
  /** Takes any line that begins with 2 for a yes. */
  readonly readsLoosely?: boolean;
  /** Wants a last LF only. */
  readonly cutsReplies?: boolean;
  /** Says of all recipients what was said of the first. */
  readonly mixesRecipients?: boolean;
}

const OK = reply(250, '2.0.0', 'ok');

export class TinyRemote implements DeliveryStrategy, Lifecycle {
  readonly durability = 'remote';
  readonly open = new Set<Socket>();

  constructor(
    readonly target: RemoteTarget,
    readonly flaws: Flaws = {},
  ) {}

  begin(envelope: Envelope, _session: unknown, { signal }: DeliveryContext): DeliveryTransaction {
    return new TinyTransaction(this, envelope, signal);
  }

  stop(): void {
    if (this.flaws.leaks !== true) for (const socket of this.open) socket.destroy();
  }
}

class TinyTransaction implements DeliveryTransaction {
  private readonly to: Recipient[] = [];
  private bytes = Buffer.alloc(0);
  private readonly giveUp = new AbortController();

  constructor(
    private readonly tiny: TinyRemote,
    private readonly envelope: Envelope,
    signal: AbortSignal,
  ) {
    if (tiny.flaws.ignoresSignal !== true) signal.addEventListener('abort', () => this.giveUp.abort());
  }

  recipient(recipient: Recipient): undefined {
    this.to.push(recipient);
  }

  async body(body: Body): Promise<void> {
    if (this.tiny.flaws.sendsHalves !== true) {
      this.bytes = Buffer.from(await collect(body));
      return;
    }
    const halves: Uint8Array[] = [];
    try {
      for await (const chunk of body) halves.push(Uint8Array.from(chunk));
    } catch (error) {
      this.bytes = Buffer.concat([...halves, Buffer.from('\r\n')]);
      await this.commit();
      throw error;
    }
    this.bytes = Buffer.concat(halves);
  }

  async commit(): Promise<readonly Outcome[]> {
    const { flaws } = this.tiny;
    for (let attempt = 1; ; attempt++) {
      const talk = new Talk(this.tiny, this.giveUp.signal);
      try {
        const said = await this.deliver(talk);
        return this.to.map((recipient, i) => ({
          recipient,
          reply: this.heard(said[flaws.mixesRecipients === true ? 0 : i]),
        }));
      } catch (error) {
        if (error instanceof SmtpError) throw error;
        if (flaws.repeats === true && attempt === 1) continue;
        const fault = flaws.givesUp === true ? reply(554, '5.4.0', 'no') : reply(451, '4.4.0', 'later');
        throw new SmtpError(fault, String(error));
      } finally {
        talk.end();
      }
    }
  }

  abort(): void {
    if (this.tiny.flaws.ignoresSignal !== true) this.giveUp.abort();
  }

  private heard(code: number | undefined): Reply {
    if (code === undefined) return reply(451, '4.4.0', 'later');
    if (code < 300) return OK;
    return code >= 500 && this.tiny.flaws.neverGivesUp !== true
      ? reply(554, '5.0.0', 'no')
      : reply(451, '4.0.0', 'later');
  }

  /** The code for each recipient. */
  private async deliver(talk: Talk): Promise<readonly number[]> {
    const { target, flaws } = this.tiny;
    const no = (code: number) => this.to.map(() => code);
    await talk.begin();
    let answer = await talk.code();
    if (answer !== 220) return no(answer);
    answer = await this.hello(talk);
    if (answer !== 250) return no(answer);
    if (target.tls === 'required') {
      answer = await talk.ask('STARTTLS');
      if (answer === 220) await talk.secure();
      else if (flaws.staysInClear !== true) return no(answer);
      if (answer === 220 && (answer = await this.hello(talk)) !== 250) return no(answer);
    }
    if (target.credentials !== undefined && (answer = await this.login(talk)) !== 235) return no(answer);
    const mail = `MAIL FROM:<${this.envelope.reversePath?.address ?? ''}>`;
    const rcpt = this.to.map(({ mailbox }) => `RCPT TO:<${mailbox.address}>`);
    if (flaws.pipelines === true) talk.say([mail, ...rcpt].join('\r\n'));
    answer = flaws.pipelines === true ? await talk.code() : await talk.ask(mail);
    if (answer !== 250) return no(answer);
    const codes: number[] = [];
    for (const command of rcpt) {
      const code = flaws.pipelines === true ? await talk.code() : await talk.ask(command);
      codes.push(flaws.ignoresRcpt === true ? 250 : code);
    }
    if (codes.some((code) => code >= 300 && code < 400)) throw new Error('nonsense');
    if (codes.every((code) => code >= 300)) return codes;
    answer = await talk.ask('DATA');
    if (answer !== 354 && flaws.ignoresData !== true) {
      if (answer < 400) throw new Error('nonsense');
      return codes.map((code) => (code < 300 ? answer : code));
    }
    talk.early();
    talk.write(this.data());
    const each = target.protocol === 'lmtp';
    let final = 0;
    const ends: number[] = [];
    for (const code of codes) {
      if (code >= 300) ends.push(code);
      else {
        if (each || final === 0) final = await talk.code();
        if (final >= 300 && final < 400 && flaws.believesFinal !== true) throw new Error('nonsense');
        ends.push(flaws.believesFinal === true ? 250 : final);
      }
    }
    if (flaws.leaks !== true) talk.say('QUIT');
    return ends;
  }

  private async hello(talk: Talk): Promise<number> {
    return talk.ask(`${this.tiny.target.protocol === 'lmtp' ? 'LHLO' : 'EHLO'} client.test`);
  }

  private async login(talk: Talk): Promise<number> {
    const { username = '', password = '' } = this.tiny.target.credentials ?? {};
    const base64 = (text: string) => Buffer.from(text).toString('base64');
    if (/^250[- ]AUTH .*\bPLAIN\b/m.test(talk.heard))
      return talk.ask(`AUTH PLAIN ${base64(`\0${username}\0${password}`)}`);
    if (!/^250[- ]AUTH .*\bLOGIN\b/m.test(talk.heard)) return 454;
    let code = await talk.ask('AUTH LOGIN');
    if (code === 334) code = await talk.ask(base64(username));
    return code === 334 ? talk.ask(base64(password)) : code;
  }

  private data(): Buffer {
    const { flaws } = this.tiny;
    let text = this.bytes.toString('latin1');
    if (flaws.keepsBareNewlines !== true) text = text.replaceAll(/\r\n|\r|\n/g, '\r\n');
    if (flaws.stuffsNothing !== true) text = text.replaceAll(/^\./gm, '..');
    if (text !== '' && !text.endsWith('\r\n')) text += '\r\n';
    return Buffer.from(`${text}.\r\n`, 'latin1');
  }
}

/** Lines, one reply after another. */
class Talk {
  /** The last reply, as it was. */
  heard = '';
  private socket: Socket | undefined;
  private held = '';
  private failure: Error | undefined;
  private wake: () => void = () => undefined;

  constructor(
    private readonly tiny: TinyRemote,
    private readonly signal: AbortSignal,
  ) {}

  async begin(): Promise<void> {
    if (this.signal.aborted) throw new Error('aborted');
    const { host, port } = this.tiny.target;
    this.socket = this.listen(connectTcp({ host, port }));
    this.signal.addEventListener('abort', () => this.fail(new Error('aborted')));
  }

  say(line: string): void {
    this.write(Buffer.from(`${line}\r\n`));
  }

  write(octets: Buffer): void {
    this.socket?.write(octets);
  }

  ask(line: string): Promise<number> {
    this.early();
    this.say(line);
    return this.code();
  }

  /** @throws if there is an answer before the question. */
  early(): void {
    if (this.held !== '' && this.tiny.flaws.takesEarly !== true) throw new Error('a reply that nobody has asked for');
  }

  /** The code of the next reply; its lines must say the same. */
  async code(): Promise<number> {
    const lines: string[] = [];
    for (;;) {
      const line = await this.line();
      lines.push(line);
      if (this.tiny.flaws.readsLoosely === true && line.startsWith('2')) return 250;
      if (!/^[2-5][0-5]\d(?:[- ].*)?$/.test(line) || lines.length > 100) throw new Error('no reply');
      if (line.slice(0, 3) !== lines[0]?.slice(0, 3)) throw new Error('two replies in one');
      if (line[3] !== '-') break;
    }
    this.heard = lines.join('\n');
    return Number(this.heard.slice(0, 3));
  }

  async secure(): Promise<void> {
    this.early();
    const raw = this.socket;
    if (raw === undefined) throw new Error('no socket');
    if (this.tiny.flaws.keepsInjected !== true) this.held = '';
    raw.removeAllListeners('data');
    const { ca, host } = this.tiny.target;
    const rejectUnauthorized = this.tiny.flaws.trustsAnybody !== true;
    const tls = connectTls({ socket: raw, host, ca, rejectUnauthorized });
    this.socket = this.listen(tls);
    let secure = false;
    tls.once('secureConnect', () => {
      secure = true;
      this.wake();
    });
    while (!secure) await this.more();
  }

  end(): void {
    if (this.tiny.flaws.leaks === true) return;
    this.socket?.end();
    // Replies that come now are read by nobody.
    this.socket?.destroySoon();
  }

  private async line(): Promise<string> {
    for (;;) {
      const end = this.tiny.flaws.cutsReplies === true ? '\r' : '\r\n';
      const at = this.held.indexOf(end);
      if (at !== -1) {
        const line = this.held.slice(0, at);
        this.held = this.held.slice(at + 2);
        return line;
      }
      if (this.held.length > 2000) throw new Error('a line without end');
      await this.more();
    }
  }

  private async more(): Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    const come = new Promise<void>((resolve) => {
      this.wake = resolve;
    });
    const timer =
      this.tiny.flaws.waits === true
        ? undefined
        : setTimeout(() => this.fail(new Error('timeout')), this.tiny.target.timeoutMs);
    await come;
    clearTimeout(timer);
    if (this.failure !== undefined && this.held === '') throw this.failure;
  }

  private fail(error: Error): void {
    this.failure ??= error;
    this.socket?.on('error', () => undefined);
    if (this.tiny.flaws.leaks !== true) this.socket?.destroy();
    this.wake();
  }

  private listen<S extends Socket>(socket: S): S {
    this.tiny.open.add(socket);
    socket.on('data', (chunk: Buffer) => {
      this.held += chunk.toString('latin1');
      this.wake();
    });
    socket.on('error', (error) => this.fail(error));
    socket.on('close', () => {
      this.tiny.open.delete(socket);
      this.fail(new Error('closed'));
    });
    return socket;
  }
}

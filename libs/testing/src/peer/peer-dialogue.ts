/** One conversation of a scripted peer: commands in, answers out, and the faults of the script in between. Written from RFC 5321, not from our library. */
import { hasBareNewline, parameterFaults, pathOf, pipeliningFault } from './peer-commands.js';
import { authenticate } from './peer-auth.js';
import type {
  PeerCommand,
  PeerLogin,
  PeerMessage,
  PeerOptions,
  PeerPath,
  PeerProxy,
  PeerReplies,
  PeerStep,
  PeerTls,
  PeerTrouble,
} from './peer-options.js';
import { readPeerProxy } from './peer-proxy.js';
import { codeOf, scripted, type PeerFaults } from './peer-script.js';
import type { PeerCertificates } from './peer-tls.js';
import { PeerGone, type PeerWire } from './peer-wire.js';

/** What conversations share: the script as it is now, and where things are written down. */
export interface PeerBook {
  readonly options: PeerOptions;
  readonly keywords: readonly string[];
  readonly replies: PeerReplies;
  readonly faults: PeerFaults;
  readonly tls: PeerTls;
  readonly certificates: PeerCertificates | undefined;
  readonly commands: PeerCommand[];
  readonly messages: PeerMessage[];
  readonly logins: PeerLogin[];
  readonly violations: string[];
}

/** How an answer is sent. */
interface Manner {
  readonly bytewise?: boolean;
  readonly before?: string;
  readonly behind?: string;
  /** In place of the answer. */
  readonly instead?: string;
}

/** Much more than anybody should read. */
const ENDLESS_OCTETS = 8 * 1024 * 1024;
const INJECTED = '250-injected\r\n250 PIPELINING\r\n';
/** Long enough for somebody who takes what was injected for an answer to say the next thing. */
const INJECTED_PAUSE_MS = 20;

export class PeerDialogue {
  private hello = '';
  private extended = false;
  private login: string | undefined;
  private xclient: string | undefined;
  private certificate: string | undefined;
  private proxy: PeerProxy | undefined;
  private from: PeerPath | undefined;
  private recipients: PeerPath[] = [];
  private chunks: Buffer[] = [];
  private over = false;
  private verb = '';
  private injected = false;
  /** True once something was said that nobody has asked for: which answer a command waited for can't be told any more. */
  private outOfStep = false;

  constructor(
    private readonly book: PeerBook,
    private readonly wire: PeerWire,
    private readonly connection: number,
  ) {}

  /** Until the connection ends. */
  async run(): Promise<void> {
    try {
      this.wire.begin();
      if (this.book.options.proxy === true) await this.readProxy();
      if (this.book.options.implicitTls === true) await this.secure();
      await this.answer('greeting', '', ['220 peer.test ESMTP']);
      while (!this.over) {
        const line = await this.wire.input.line();
        if (line === undefined) break;
        await this.command(this.textOf(line));
      }
    } catch (error) {
      if (!(error instanceof PeerGone)) throw error;
    }
    this.wire.end();
  }

  private async command(text: string): Promise<void> {
    this.verb = (text.split(' ', 1)[0] ?? '').toUpperCase();
    const rest = text.slice(this.verb.length).trim();
    switch (this.verb) {
      case 'EHLO':
      case 'HELO':
      case 'LHLO':
        return this.greeted(text, rest);
      case 'STARTTLS':
        return this.startTls();
      case 'AUTH':
        return this.auth(rest);
      case 'XCLIENT':
        return this.present(rest);
      case 'MAIL':
        return this.mail(rest);
      case 'RCPT':
        return this.rcpt(rest);
      case 'DATA':
        return this.data();
      case 'BDAT':
        return this.bdat(rest);
      case 'RSET':
        if ((await this.answer('rset', '', ['250 2.0.0 ok'])) === 250) this.reset();
        return;
      case 'NOOP':
        return void (await this.answer('noop', rest, ['250 2.0.0 ok']));
      case 'QUIT':
        await this.answer('quit', '', ['221 2.0.0 bye']);
        this.over = true;
        return;
      default:
        this.violation('a line that is no command');
        return this.say(['500 5.5.1 not known'], {});
    }
  }

  private async greeted(text: string, name: string): Promise<void> {
    const right = this.book.options.protocol === 'lmtp' ? ['LHLO'] : ['EHLO', 'HELO'];
    if (!right.includes(this.verb)) return this.say(['500 5.5.1 not here'], {});
    const lines = this.verb === 'HELO' ? ['peer.test'] : ['peer.test', ...this.offered()];
    const usual = lines.map((line, i) => `250${i === lines.length - 1 ? ' ' : '-'}${line}`);
    if ((await this.answer('hello', name, usual)) !== 250) return;
    this.reset();
    this.hello = text;
    this.extended = this.verb !== 'HELO';
  }

  private async startTls(): Promise<void> {
    if (!this.offers('STARTTLS')) return this.say(['502 5.5.1 not offered'], {});
    this.injected = this.book.tls === 'injected';
    if ((await this.answer('starttls', '', ['220 2.0.0 go'])) === 220) await this.secure();
  }

  private async secure(): Promise<void> {
    const { certificates, tls, options } = this.book;
    if (this.wire.input.clear() > 0) this.violation('something was sent in clear behind STARTTLS');
    await this.suffer('handshake');
    if (tls === 'garbage' || certificates === undefined) {
      await this.wire.input.some();
      await this.wire.write('this is no handshake\r\n');
      return this.silence();
    }
    this.certificate = await this.wire.secure(certificates.context(tls), options.requestCertificate === true);
    this.reset();
    this.hello = '';
    this.login = undefined;
  }

  private async auth(rest: string): Promise<void> {
    if (!this.offers('AUTH')) return this.say(['502 5.5.1 not offered'], {});
    const { connection, wire, book } = this;
    const { encrypted } = wire;
    const attempt = await authenticate(rest, async (challenge) => {
      await this.say([`334 ${challenge}`], {});
      const line = await wire.input.line();
      if (line === undefined) throw new PeerGone();
      return this.textOf(line);
    });
    if (attempt === undefined) return this.say(['501 5.5.2 not understood'], {});
    book.logins.push({ connection, encrypted, ...attempt });
    const { users } = book.options;
    const right = users === undefined || users.get(attempt.username) === attempt.password;
    const code = await this.answer('auth', attempt.username, [right ? '235 2.7.0 welcome' : '535 5.7.8 no']);
    if (code === 235) this.login = attempt.username;
  }

  private async present(rest: string): Promise<void> {
    if (!this.offers('XCLIENT')) return this.say(['502 5.5.1 not offered'], {});
    if ((await this.answer('xclient', rest, ['220 peer.test ESMTP'])) !== 220) return;
    this.reset();
    this.hello = '';
    this.xclient = rest;
  }

  private async mail(rest: string): Promise<void> {
    const from = /^FROM:/i.test(rest) ? pathOf(rest.slice(5)) : undefined;
    if (this.hello === '' || this.from !== undefined) return this.say(['503 5.5.1 not now'], {});
    if (from === undefined) return this.say(['501 5.5.4 no path'], {});
    this.checkParameters(from);
    if (isPositive(await this.answer('mail', from.path, ['250 2.1.0 ok']))) this.from = from;
  }

  private async rcpt(rest: string): Promise<void> {
    const to = /^TO:/i.test(rest) ? pathOf(rest.slice(3)) : undefined;
    if (this.from === undefined) return this.say(['503 5.5.1 not now'], {});
    if (to === undefined || to.path === '') return this.say(['501 5.5.4 no path'], {});
    this.checkParameters(to);
    if (isPositive(await this.answer('rcpt', to.path, ['250 2.1.5 ok']))) this.recipients.push(to);
  }

  private async data(): Promise<void> {
    const usual = this.recipients.length === 0 ? '503 5.5.1 nobody to deliver to' : '354 go';
    if ((await this.answer('data', '', [usual])) !== 354) return;
    if (!(await this.wire.input.some())) throw new PeerGone();
    await this.begun();
    const bytes = await this.wire.input.dotted();
    if (bytes === undefined) throw new PeerGone();
    await this.finish(bytes, 'DATA');
  }

  private async bdat(rest: string): Promise<void> {
    const found = /^(\d{1,15})( LAST)?$/i.exec(rest);
    if (found === null) return this.say(['501 5.5.4 no size'], {});
    if (!this.offers('CHUNKING')) this.violation('BDAT, which is not offered');
    await this.begun();
    const chunk = await this.wire.input.octets(Number(found[1]));
    if (chunk === undefined) throw new PeerGone();
    if (this.recipients.length === 0) return this.say(['503 5.5.1 nobody to deliver to'], {});
    this.chunks.push(chunk);
    if (found[2] !== undefined) return this.finish(Buffer.concat(this.chunks), 'BDAT');
    if (!isPositive(await this.answer('bdat', rest, ['250 2.0.0 more']))) this.reset();
  }

  /** The mail data has begun: a server may give up in the middle of it. */
  private async begun(): Promise<void> {
    const { instead } = await this.suffer('body');
    if (instead === undefined) return;
    await this.wire.write(instead);
    if (!instead.startsWith('421')) return;
    this.wire.cut('close');
    throw new PeerGone();
  }

  /** The mail data is there: kept for whom the answer is yes, before anybody hears it. */
  private async finish(bytes: Buffer, by: 'DATA' | 'BDAT'): Promise<void> {
    const { book, connection, hello, login, xclient, certificate, proxy, wire, recipients } = this;
    const from = this.from ?? { path: '', parameters: '' };
    if (hasBareNewline(bytes) && !/(?:^| )BODY=BINARYMIME(?: |$)/i.test(from.parameters))
      this.violation('a bare CR or LF in the mail data');
    const manner = await this.suffer('final');
    const usual = recipients.length === 0 ? '554 5.5.1 nobody to deliver to' : '250 2.0.0 kept';
    const each = book.options.protocol === 'lmtp';
    const answers = (each ? recipients.map(({ path }) => path) : ['']).map(
      (path) => scripted(book.replies, 'final', path, this.moment()) ?? [usual],
    );
    const to = recipients.filter((_, i) => isPositive(codeOf(answers[each ? i : 0] ?? [])));
    this.reset();
    if (to.length > 0 && manner.instead === undefined) {
      const text = bytes.toString('latin1');
      const { encrypted } = wire;
      const client = { connection, encrypted, hello, login, xclient, certificate, proxy };
      book.messages.push({ ...client, from, to, bytes, text, by });
      await this.suffer('accepted');
    }
    for (const answer of answers) await this.say(answer, manner);
    await this.rest();
  }

  /** Between two messages. */
  private async rest(): Promise<void> {
    if (this.over) return;
    const { instead } = await this.suffer('idle');
    if (instead !== undefined) await this.say([], { instead });
  }

  /** One reply: the script's, or the usual; with what goes wrong. @returns its code, 0 for none. */
  private async answer(step: keyof PeerReplies, argument: string, usual: readonly string[]): Promise<number> {
    const manner = await this.suffer(step);
    const lines = scripted(this.book.replies, step, argument, this.moment()) ?? usual;
    await this.say(lines, manner);
    return manner.instead === undefined ? codeOf(lines) : 0;
  }

  private async say(lines: readonly string[], manner: Manner): Promise<void> {
    const { before = '', behind = '', instead, bytewise = false } = manner;
    this.outOfStep ||= before + behind !== '';
    const fault =
      this.outOfStep || this.wire.input.length === 0
        ? undefined
        : pipeliningFault(this.verb, (keyword) => this.offers(keyword));
    if (fault !== undefined) this.violation(fault);
    const injected = this.injected ? INJECTED : '';
    this.injected = false;
    const text = instead ?? `${before}${lines.map((line) => `${line}\r\n`).join('')}${behind}${injected}`;
    if (bytewise) for (const octet of Buffer.from(text)) await this.wire.write(Buffer.of(octet));
    else await this.wire.write(text);
    if ((instead ?? lines.at(-1) ?? '').startsWith('421')) this.over = true;
  }

  /** What the script has against this step. @throws PeerGone if nothing comes after it. */
  private async suffer(step: PeerStep): Promise<Manner> {
    // Inside TLS: whoever took what was injected for the answer has said the next thing by now.
    if (step === 'hello' && this.book.tls === 'injected' && this.wire.encrypted) await pause(INJECTED_PAUSE_MS);
    const trouble: PeerTrouble | undefined = this.book.faults.at(step, this.connection);
    if (trouble === undefined) return {};
    if (typeof trouble === 'object') {
      if (!('pause' in trouble)) return trouble;
      this.wire.deafen();
      await pause(trouble.pause);
      this.wire.hear();
      return {};
    }
    switch (trouble) {
      case 'bytewise':
        return { bytewise: true };
      case 'close':
      case 'reset':
        this.wire.cut(trouble);
        throw new PeerGone();
      case 'stall':
        return this.silence();
      case 'deaf':
        this.wire.deafen();
        return this.silence();
      case 'endless-lines':
        return this.flood('250-and so on\r\n');
      case 'endless-line':
        return this.flood('250 and so on ');
    }
  }

  /** Says nothing until the client goes. */
  private async silence(): Promise<never> {
    await this.wire.input.ended();
    throw new PeerGone();
  }

  private async flood(piece: string): Promise<never> {
    const many = piece.repeat(1000);
    for (let sent = 0; sent < ENDLESS_OCTETS; sent += many.length) await this.wire.write(many);
    return this.silence();
  }

  private async readProxy(): Promise<void> {
    this.proxy = await readPeerProxy(this.wire.input);
    if (this.proxy !== undefined) return;
    this.violation('no PROXY header');
    this.wire.cut('close');
    throw new PeerGone();
  }

  private reset(): void {
    this.from = undefined;
    this.recipients = [];
    this.chunks = [];
  }

  private offered(): readonly string[] {
    return this.wire.encrypted ? this.book.keywords.filter((line) => line !== 'STARTTLS') : this.book.keywords;
  }

  private offers(keyword: string): boolean {
    const known = this.extended || this.book.options.protocol === 'lmtp';
    return known && this.offered().some((line) => line.split(/[ =]/, 1)[0] === keyword);
  }

  private moment() {
    const { connection, wire, from, recipients } = this;
    return { connection, encrypted: wire.encrypted, from: from?.path, recipients: recipients.map(({ path }) => path) };
  }

  private textOf(line: Buffer): string {
    if (line.at(-2) !== 0x0d || hasBareNewline(line)) this.violation('a bare CR or LF in a command');
    const text = line.toString('utf8').replace(/\r?\n$/, '');
    this.book.commands.push({ connection: this.connection, encrypted: this.wire.encrypted, line: text });
    return text;
  }

  private checkParameters({ parameters }: PeerPath): void {
    for (const fault of parameterFaults(parameters, (keyword) => this.offers(keyword))) this.violation(fault);
  }

  private violation(what: string): void {
    this.book.violations.push(what);
  }
}

function isPositive(code: number): boolean {
  return code >= 200 && code < 300;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

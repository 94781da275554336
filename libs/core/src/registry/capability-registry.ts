/** The extensions of a listener: what EHLO offers, and who reads which parameter of MAIL and RCPT. */
import type {
  Capabilities,
  DeliveryStrategy,
  Extension,
  MailParameters,
  ParameterHandler,
  RcptParameters,
  Session,
} from '@mailverb/contract';
import { parseParameters, reply, type Reply } from '@mailverb/protocol';
import { isReply } from '../plugin-answers.js';

/** RFC 5321 4.5.3.1.4. */
const COMMAND_LINE = 512;

const UNKNOWN_PARAMETER = reply(555, '5.5.4', 'unknown or unsupported parameter');
const NONE: Readonly<Record<string, never>> = Object.freeze({});

type AnyHandler = ParameterHandler<'MAIL' | 'RCPT', string, unknown>;

/** An extension with its owner. */
export interface RegisteredExtension {
  readonly extension: Extension;
  readonly owner: string;
}

/** Keyword to extension, parameter to handler. */
export class CapabilityRegistry implements Capabilities {
  private readonly extensions = new Map<string, RegisteredExtension>();
  private readonly mail = new Map<string, { readonly handler: AnyHandler; readonly owner: string }>();
  private readonly rcpt = new Map<string, { readonly handler: AnyHandler; readonly owner: string }>();
  private fixedLines: readonly string[] | undefined = undefined;
  private limit: DeliveryStrategy['offers'] = undefined;

  /** Adds an extension; gives what it claims that has an owner already. */
  add(extension: Extension, owner: string): { readonly what: string; readonly owner: string } | undefined {
    const before = this.extensions.get(extension.keyword);
    if (before !== undefined) return { what: `EHLO keyword ${extension.keyword}`, owner: before.owner };
    const own = new Set<string>();
    for (const { verb, keyword } of extension.parameters ?? []) {
      const what = `${verb} parameter ${keyword}`;
      const claimed = own.has(what) ? owner : this.handlers(verb).get(keyword)?.owner;
      if (claimed !== undefined) return { what, owner: claimed };
      own.add(what);
    }
    this.extensions.set(extension.keyword, { extension, owner });
    for (const handler of extension.parameters ?? []) {
      this.handlers(handler.verb).set(handler.keyword, { handler, owner });
    }
    return undefined;
  }

  /** The delivery has a say in what is offered. */
  limitBy(delivery: DeliveryStrategy | undefined): void {
    if (delivery?.offers !== undefined) this.limit = delivery.offers.bind(delivery);
  }

  all(): readonly RegisteredExtension[] {
    return [...this.extensions.values()];
  }

  parameters(): readonly { readonly verb: string; readonly keyword: string; readonly owner: string }[] {
    const list = (verb: string, map: typeof this.mail) =>
      [...map].map(([keyword, { owner }]) => ({ verb, keyword, owner }));
    return [...list('MAIL', this.mail), ...list('RCPT', this.rcpt)];
  }

  lines(session: Session): readonly string[] {
    if (this.fixedLines !== undefined) return this.fixedLines;
    const lines: string[] = [];
    let fixed = this.limit === undefined;
    for (const { extension } of this.extensions.values()) {
      if (extension.argument !== undefined) fixed = false;
      const argument = this.offered(extension, session);
      if (argument !== false)
        lines.push(argument === undefined ? extension.keyword : `${extension.keyword} ${argument}`);
    }
    if (fixed) this.fixedLines = lines;
    return lines;
  }

  offers(keyword: string, session: Session): boolean {
    const found = this.extensions.get(keyword);
    return found !== undefined && this.offered(found.extension, session) !== false;
  }

  mailParameters(text: string, session: Session): Readonly<MailParameters> | Reply {
    // What is under a keyword was made by the handler registered for it, whose type says so: the cast states that.
    return this.read(this.mail, text, session) as Readonly<MailParameters> | Reply;
  }

  rcptParameters(text: string, session: Session): Readonly<RcptParameters> | Reply {
    return this.read(this.rcpt, text, session) as Readonly<RcptParameters> | Reply;
  }

  commandLineOctets(): number {
    let octets = COMMAND_LINE;
    for (const { extension } of this.extensions.values()) octets += extension.commandLineOctets ?? 0;
    return octets;
  }

  /** What follows the keyword in this session; false if it is not offered. */
  private offered(extension: Extension, session: Session): string | undefined | false {
    const argument = extension.argument?.(session);
    return argument === false || this.limit === undefined ? argument : this.limit(extension.keyword, argument, session);
  }

  private handlers(verb: 'MAIL' | 'RCPT') {
    return verb === 'MAIL' ? this.mail : this.rcpt;
  }

  private read(
    handlers: ReadonlyMap<string, { readonly handler: AnyHandler; readonly owner: string }>,
    text: string,
    session: Session,
  ): Readonly<Record<string, unknown>> | Reply {
    if (text === '') return NONE;
    const parameters = parseParameters(text);
    if (isReply(parameters)) return parameters;
    // No prototype, and only registered keywords become keys (attack A10).
    const values = Object.create(null) as Record<string, unknown>;
    for (const { keyword, value } of parameters) {
      const found = handlers.get(keyword);
      if (found === undefined) return UNKNOWN_PARAMETER;
      const meaning = found.handler.parse(value, session);
      if (isReply(meaning)) return meaning;
      values[keyword] = meaning;
    }
    return values;
  }
}

/**
 * What a message is made of, without the content of its attachments: header, texts up to a limit, and a list of the rest. Contents are
 * streamed by {@link attachmentsOf}, which walks through the message once more.
 */
import type { HeldMessage } from '@mailverb/contract';
import type { MimeNode } from '@zone-eu/mailsplit';
import { NO_HEADER, headerFacts, type HeaderFacts } from './header-facts.js';
import { Unparsable, walk, type MimeLimits } from './walk.js';

/** How much is looked at, and kept. */
export interface OutlineLimits extends MimeLimits {
  /** Octets of text that are given as text; what goes beyond is an attachment. */
  readonly maxTextSize: number;
}

/** A part that is not shown as text. */
export interface Attachment {
  /** Cleaned: one line, no path, never empty. Undefined where the message names none. */
  readonly filename: string | undefined;
  /** `type/subtype` in lower case, of token characters. */
  readonly contentType: string;
  readonly inline: boolean;
  /** Without angle brackets. */
  readonly contentId: string | undefined;
  /** Octets, decoded. */
  readonly size: number;
}

/** A message. */
export interface Outline {
  readonly header: HeaderFacts;
  /** Why there is nothing but the header (if that): the message is {@link Unparsable}. */
  readonly problem: string | undefined;
  /** All plain texts, and all HTML, that are no attachments; undefined if there is none. Line ends are LF. */
  readonly text: string | undefined;
  readonly html: string | undefined;
  /** In the order of the message. */
  readonly attachments: readonly Attachment[];
  /** Which leaves they are. */
  readonly leaves: ReadonlyMap<number, Attachment>;
}

/** The content of attachments, in their order: each begins, gives some pieces, and ends. */
export type AttachmentEvent =
  | { readonly kind: 'begin' | 'end'; readonly attachment: Attachment }
  | { readonly kind: 'content'; readonly bytes: Uint8Array };

/** Looks at a message. What is unparsable is told by `problem`; throws what the message throws, and what the signal says. */
export async function outlineOf(message: HeldMessage, limits: OutlineLimits, signal: AbortSignal): Promise<Outline> {
  const outliner = new Outliner(limits.maxTextSize);
  try {
    for await (const event of walk(message, limits, signal)) {
      if (event.kind === 'header') outliner.header = headerFacts(event.node);
      else if (event.kind === 'leaf') outliner.leaf(event.node);
      else outliner.content(event.bytes);
    }
    return outliner.outline();
  } catch (error) {
    if (error instanceof Unparsable) return nothingBut(outliner.header, error.message);
    throw error;
  }
}

/** The header of a message and no more. */
export async function headerOf(message: HeldMessage, limits: MimeLimits, signal: AbortSignal): Promise<HeaderFacts> {
  try {
    for await (const event of walk(message, limits, signal))
      if (event.kind === 'header') return headerFacts(event.node);
  } catch (error) {
    if (!(error instanceof Unparsable)) throw error;
  }
  return NO_HEADER;
}

/** Streams the attachments of a message of which this is the outline. */
export async function* attachmentsOf(
  message: HeldMessage,
  { attachments, leaves }: Outline,
  limits: MimeLimits,
  signal: AbortSignal,
): AsyncGenerator<AttachmentEvent> {
  if (attachments.length === 0) return;
  let leaf = -1;
  let attachment: Attachment | undefined;
  for await (const event of walk(message, limits, signal)) {
    if (event.kind === 'leaf') {
      if (attachment !== undefined) yield { kind: 'end', attachment };
      leaf += 1;
      attachment = leaves.get(leaf);
      if (attachment !== undefined) yield { kind: 'begin', attachment };
    } else if (event.kind === 'content' && attachment !== undefined && event.bytes.length > 0) {
      yield event;
    }
  }
  if (attachment !== undefined) yield { kind: 'end', attachment };
}

function nothingBut(header: HeaderFacts, problem: string): Outline {
  return { header, problem, text: undefined, html: undefined, attachments: [], leaves: new Map() };
}

/** Gathers the outline. */
class Outliner {
  header: HeaderFacts = NO_HEADER;
  private leafNumber = -1;
  private node: MimeNode | undefined;
  private size = 0;
  /** The text that the leaf is, so far; undefined if it is an attachment. */
  private text: Uint8Array[] | undefined;
  private textOctets = 0;
  private readonly texts: string[] = [];
  private readonly htmls: string[] = [];
  private readonly attachments = new Map<number, Attachment>();

  constructor(private readonly maxTextSize: number) {}

  leaf(node: MimeNode): void {
    this.finish();
    this.leafNumber += 1;
    this.node = node;
    this.size = 0;
    this.text = isText(node) ? [] : undefined;
  }

  content(bytes: Uint8Array): void {
    this.size += bytes.length;
    if (this.text === undefined) return;
    // Too long to be kept: then it is an attachment, and streamed.
    if (this.textOctets + this.size > this.maxTextSize) this.text = undefined;
    else this.text.push(bytes);
  }

  outline(): Outline {
    this.finish();
    return {
      header: this.header,
      problem: undefined,
      text: this.texts.length === 0 ? undefined : this.texts.join('\n'),
      html: this.htmls.length === 0 ? undefined : this.htmls.join('\n'),
      attachments: [...this.attachments.values()],
      leaves: this.attachments,
    };
  }

  private finish(): void {
    const { node, text, size } = this;
    if (node === undefined) return;
    if (text === undefined) {
      this.attachments.set(this.leafNumber, attachment(node, size));
      return;
    }
    this.textOctets += size;
    const decoded = decodeText(Buffer.concat(text), node.charset === false ? 'utf-8' : node.charset);
    (node.contentType === 'text/html' ? this.htmls : this.texts).push(decoded);
  }
}

/** What a mail program shows as the message itself. */
function isText({ contentType, disposition, filename }: MimeNode): boolean {
  const text = contentType === false || contentType === 'text/plain' || contentType === 'text/html';
  return text && (disposition === false || disposition === 'inline') && filename === false;
}

function attachment(node: MimeNode, size: number): Attachment {
  const contentId = node.headers === false ? '' : cleanLine(node.headers.getFirst('content-id'));
  return {
    filename: node.filename === false ? undefined : cleanFilename(node.filename),
    contentType: cleanType(node.contentType === false ? 'text/plain' : node.contentType),
    inline: node.disposition === 'inline',
    contentId: contentId.replaceAll(/[<>]/g, '').trim() || undefined,
    size,
  };
}

function decodeText(bytes: Uint8Array, charset: string): string {
  let decoder: InstanceType<typeof TextDecoder>;
  try {
    decoder = new TextDecoder(charset);
  } catch {
    // A name that nobody knows. Most text is UTF-8, and what is not is shown by replacement characters.
    decoder = new TextDecoder();
  }
  return decoder.decode(bytes).replaceAll('\r\n', '\n');
}

/** The last component of a path (attack A12), on one line; undefined if nothing is left that could name a file. */
export function cleanFilename(name: string): string | undefined {
  const last = name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1);
  const clean = cleanLine(last);
  return clean === '' || clean === '.' || clean === '..' ? undefined : clean;
}

const MAX_LINE = 255;

/** Without controls, line separators and marks that turn the direction of what follows (`exe.txt` that ends in `.exe`). */
function cleanLine(text: string): string {
  // oxlint-disable-next-line no-control-regex
  const clean = text.replaceAll(/[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g, '').trim();
  // The end of a file's name tells its kind.
  return clean.length <= MAX_LINE ? clean : `${clean.slice(0, MAX_LINE - 20)}${clean.slice(-20)}`;
}

/** RFC 2045 5.1: anything else could be a header of its own where the type becomes one (attack A6). */
function cleanType(type: string): string {
  return /^[a-z0-9!#$&^_.+-]{1,100}\/[a-z0-9!#$&^_.+-]{1,100}$/.test(type) ? type : 'application/octet-stream';
}

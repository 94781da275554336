/**
 * Submission (RFC 6409 8): what a client's program may have left to the server. Date and Message-ID are added where they are missing, Bcc is
 * removed. Only the header section is looked at, as it passes; the body goes through as it is.
 */
import { randomBytes } from 'node:crypto';
import { Clock, Options, type Body, type Transform, type TransformInput } from '@mailverb/contract';
import { formatDateTime } from '@mailverb/protocol';
import { inject, injectable } from 'tsyringe';
import { EditedBody } from './edited-body.js';
import { HeaderEditor } from './header-editor.js';
import type { SubmissionOptions } from './submission.options.js';

/** Octets of chance in a Message-ID: as unique as a UUID. */
const RANDOM = 16;

const HIDDEN: ReadonlySet<string> = new Set(['bcc', 'resent-bcc']);
const NOTHING: ReadonlySet<string> = new Set();

/** The transform submission. */
@injectable()
export class SubmissionTransform implements Transform {
  private readonly removed: ReadonlySet<string>;

  constructor(
    @inject(Options) private readonly options: SubmissionOptions,
    @inject(Clock) private readonly clock: Clock,
  ) {
    this.removed = options.removeBcc ? HIDDEN : NOTHING;
  }

  apply(body: Body, { session }: TransformInput): Body {
    const { options } = this;
    if (options.for === 'authenticated' && session.identity === undefined) return body;
    if (!options.date && !options.messageId && !options.removeBcc) return body;
    return new EditedBody(
      body,
      new HeaderEditor(this.removed, (seen) => this.missing(seen, session.listener.hostname)),
    );
  }

  /** A random part of a Message-ID. */
  protected unique(): string {
    return randomBytes(RANDOM).toString('hex');
  }

  private missing(seen: ReadonlySet<string>, hostname: string): string {
    const { date, messageId } = this.options;
    let fields = '';
    if (date && !seen.has('date')) fields += `Date: ${formatDateTime(this.clock.now())}\r\n`;
    if (messageId && !seen.has('message-id')) fields += `Message-ID: <${this.unique()}@${hostname}>\r\n`;
    return fields;
  }
}

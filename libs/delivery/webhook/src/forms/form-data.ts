/** Payloads of multipart/form-data: fields of text first, then the attachments, or the whole message as one field. */
import { attachmentsOf, type Attachment, type Outline } from '../mime/outline.js';
import { pieces } from '../mime/pieces.js';
import type { MimeLimits } from '../mime/walk.js';
import { attachmentName } from './attachment-name.js';
import { Multipart } from './multipart.js';
import type { Payload, Posting } from './payload.js';

/** An attachment and what it is called. */
export interface FormFile {
  readonly attachment: Attachment;
  /** The name of its field. */
  readonly field: string;
  readonly filename: string;
}

/** Names for all attachments. @param prefix of the fields' names, before the number. */
export function formFiles({ attachments }: Outline, prefix: string): readonly FormFile[] {
  return attachments.map((attachment, i) => ({
    attachment,
    field: `${prefix}${i + 1}`,
    filename: attachmentName(attachment, i),
  }));
}

/** Fields and attachments. */
export function withFiles(
  { message, signal }: Posting,
  outline: Outline,
  limits: MimeLimits,
  fields: ReadonlyMap<string, string>,
  files: readonly FormFile[],
): Payload {
  const multipart = new Multipart();
  return {
    contentType: multipart.contentType,
    async *chunks() {
      for (const [name, value] of fields) yield multipart.field(name, value);
      let at = 0;
      for await (const event of attachmentsOf(message, outline, limits, signal)) {
        if (event.kind === 'content') yield event.bytes;
        else if (event.kind === 'end') yield multipart.close();
        else {
          const file = files[at++];
          // They are the same attachments in the same order.
          if (file?.attachment !== event.attachment) throw new Error('the message is not what it was');
          yield multipart.openFile(file.field, file.filename, file.attachment.contentType);
        }
      }
      yield multipart.end();
    },
  };
}

/** Fields, and the message as it is as the last of them. */
export function withMessage({ message, signal }: Posting, fields: ReadonlyMap<string, string>, name: string): Payload {
  const multipart = new Multipart();
  return {
    contentType: multipart.contentType,
    async *chunks() {
      for (const [field, value] of fields) yield multipart.field(field, value);
      yield multipart.openField(name);
      yield* pieces(message, signal);
      yield multipart.close();
      yield multipart.end();
    },
  };
}

/** For each attachment that has a Content-ID, that and the name of its field, as the text of a JSON object. Undefined if there is none. */
export function contentIds(files: readonly FormFile[], format: (contentId: string) => string): string | undefined {
  const members = files.flatMap(({ attachment: { contentId }, field }) =>
    contentId === undefined ? [] : [`${JSON.stringify(format(contentId))}:${JSON.stringify(field)}`],
  );
  // Written, and never built as an object: its names come from a message (attack A10).
  return members.length === 0 ? undefined : `{${members.join(',')}}`;
}

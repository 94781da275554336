/** A name for an attachment where a form needs one and the message has none. */
import libmime from 'libmime';
import type { Attachment } from '../mime/outline.js';

/** The attachment's own name, or `attachment-1.pdf`. */
export function attachmentName({ filename, contentType }: Attachment, index: number): string {
  if (filename !== undefined) return filename;
  const extension = contentType === 'message/rfc822' ? 'eml' : libmime.detectExtension(contentType);
  return `attachment-${index + 1}.${/^[a-z0-9]{1,10}$/.test(extension) ? extension : 'bin'}`;
}

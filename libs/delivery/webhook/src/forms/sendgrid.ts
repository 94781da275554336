/** The forms `sendgrid` and `sendgrid-raw`: multipart/form-data with the names of SendGrid's Inbound Parse. */
import { formatAddresses, type HeaderFacts } from '../mime/header-facts.js';
import { headerOf, outlineOf } from '../mime/outline.js';
import { contentIds, formFiles, withFiles, withMessage } from './form-data.js';
import { addressesOf, senderOf, type FormOptions, type Payload, type Posting } from './payload.js';

/** Makes the payload with the message taken apart; in the other form if it can't be. */
export async function sendgridPayload(posting: Posting, { limits }: FormOptions): Promise<Payload> {
  const outline = await outlineOf(posting.message, limits, posting.signal);
  const { header, problem, text, html } = outline;
  if (problem !== undefined) return { ...whole(posting, header), problem };
  const files = formFiles(outline, 'attachment');
  const fields = new Map([
    ['headers', header.fields.map(({ name, value }) => `${name}: ${value}\n`).join('')],
    ...common(posting, header),
    ['attachments', String(files.length)],
  ]);
  if (text !== undefined) fields.set('text', text);
  if (html !== undefined) fields.set('html', html);
  if (files.length > 0) {
    const infos = files.map(({ attachment: { contentType, contentId }, field, filename }) => {
      const cid = contentId === undefined ? {} : { 'content-id': contentId };
      return [field, { filename, name: filename, type: contentType, ...cid }] as const;
    });
    fields.set('attachment-info', JSON.stringify(Object.fromEntries(infos)));
  }
  const ids = contentIds(files, (contentId) => contentId);
  if (ids !== undefined) fields.set('content-ids', ids);
  return withFiles(posting, outline, limits, fields, files);
}

/** Makes the payload with the message as it is. */
export async function sendgridRawPayload(posting: Posting, { limits }: FormOptions): Promise<Payload> {
  return whole(posting, await headerOf(posting.message, limits, posting.signal));
}

function whole(posting: Posting, header: HeaderFacts): Payload {
  return withMessage(posting, common(posting, header), 'email');
}

function common({ envelope, recipients, session }: Posting, header: HeaderFacts): ReadonlyMap<string, string> {
  const charsets = { to: 'UTF-8', from: 'UTF-8', subject: 'UTF-8', text: 'UTF-8', html: 'UTF-8' };
  const fields = {
    // Nobody here has looked: what policies found is in the fields that they add.
    dkim: 'none',
    SPF: 'none',
    to: formatAddresses(header.to),
    cc: formatAddresses(header.cc),
    from: formatAddresses(header.from),
    subject: header.subject,
    sender_ip: session.remoteAddress,
    envelope: JSON.stringify({ to: addressesOf(recipients), from: senderOf(envelope) }),
    charsets: JSON.stringify(charsets),
  };
  return new Map(Object.entries(fields));
}

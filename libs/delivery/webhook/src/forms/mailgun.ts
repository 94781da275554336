/**
 * The forms `mailgun` and `mailgun-mime`: multipart/form-data with the names of Mailgun's routes, and its signature: HMAC-SHA-256 of
 * timestamp and token. Fields named as the message's own header fields are not added: a message could then bring a `signature` along.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { formatAddresses, type HeaderFacts } from '../mime/header-facts.js';
import { headerOf, outlineOf } from '../mime/outline.js';
import { contentIds, formFiles, withFiles, withMessage } from './form-data.js';
import { addressesOf, senderOf, type Form, type Payload, type Posting } from './payload.js';

/** Mailgun's token has 50 characters. */
const TOKEN_OCTETS = 25;

/** Makes payloads with the message taken apart; in the other form if it can't be. */
export function mailgunForm(key: string): Form {
  return async (posting, { limits }) => {
    const outline = await outlineOf(posting.message, limits, posting.signal);
    const { header, problem, text = '', html } = outline;
    if (problem !== undefined) return { ...whole(posting, header, key), problem };
    const files = formFiles(outline, 'attachment-');
    const fields = new Map([
      ...common(posting, header, key),
      ['body-plain', text],
      ['stripped-text', text],
      ['stripped-signature', ''],
    ]);
    if (html !== undefined) fields.set('body-html', html).set('stripped-html', html);
    if (files.length > 0) fields.set('attachment-count', String(files.length));
    const ids = contentIds(files, (contentId) => `<${contentId}>`);
    if (ids !== undefined) fields.set('content-id-map', ids);
    return withFiles(posting, outline, limits, fields, files);
  };
}

/** Makes payloads with the message as it is. */
export function mailgunMimeForm(key: string): Form {
  return async (posting, { limits }) => whole(posting, await headerOf(posting.message, limits, posting.signal), key);
}

function whole(posting: Posting, header: HeaderFacts, key: string): Payload {
  return withMessage(posting, common(posting, header, key), 'body-mime');
}

function common({ envelope, recipients, now }: Posting, header: HeaderFacts, key: string): ReadonlyMap<string, string> {
  const timestamp = String(Math.floor(now / 1000));
  const token = randomBytes(TOKEN_OCTETS).toString('hex');
  const fields = {
    recipient: addressesOf(recipients).join(','),
    sender: senderOf(envelope),
    from: formatAddresses(header.from),
    subject: header.subject,
    'message-headers': JSON.stringify(header.fields.map(({ name, value }) => [name, value])),
    timestamp,
    token,
    signature: createHmac('sha256', key)
      .update(timestamp + token)
      .digest('hex'),
  };
  return new Map(Object.entries(fields));
}

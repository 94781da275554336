/**
 * The form `postmark`: JSON with the names of Postmark's inbound webhook. RawEmail is text there; a message that is no UTF-8 is given with a
 * character for each octet, so that nothing is lost, and a header says which it is.
 */
import { first, formatAddress, formatAddresses, type Address } from '../mime/header-facts.js';
import { outlineOf, type Attachment } from '../mime/outline.js';
import { attachmentName } from './attachment-name.js';
import { attachmentList, isUtf8, opened, syntax, textString } from './json-text.js';
import { addressesOf, senderOf, type FormOptions, type Payload, type Posting } from './payload.js';

/** Makes the payload. */
export async function postmarkPayload(posting: Posting, { limits, includeRaw }: FormOptions): Promise<Payload> {
  const { message, envelope, recipients, signal } = posting;
  const outline = await outlineOf(message, limits, signal);
  const { header, problem, text, html, attachments } = outline;
  const raw = includeRaw || problem !== undefined;
  const utf8 = raw && (await isUtf8(message, signal));
  const addresses = addressesOf(recipients);
  const [from = { name: '', address: senderOf(envelope) }] = header.from;
  const head = {
    FromName: from.name,
    MessageStream: 'inbound',
    From: from.address,
    FromFull: full(from),
    To: formatAddresses(header.to),
    ToFull: header.to.map(full),
    Cc: formatAddresses(header.cc),
    CcFull: header.cc.map(full),
    Bcc: formatAddresses(header.bcc),
    BccFull: header.bcc.map(full),
    OriginalRecipient: addresses.join(', '),
    Subject: header.subject,
    MessageID: envelope.id,
    ReplyTo: header.replyTo.map(formatAddress).join(', '),
    MailboxHash: mailboxHash(addresses[0] ?? ''),
    Date: first(header.fields, 'Date'),
    TextBody: text ?? '',
    HtmlBody: html ?? '',
    StrippedTextReply: '',
    Tag: '',
    Headers: header.fields.map(({ name, value }) => ({ Name: name, Value: value })),
  };
  const names = new Map(attachments.map((attachment, i) => [attachment, attachmentName(attachment, i)]));
  const describe = (attachment: Attachment): object => ({
    Name: names.get(attachment),
    ContentType: attachment.contentType,
    ContentLength: attachment.size,
    ContentID: attachment.contentId ?? '',
  });
  return {
    contentType: 'application/json',
    ...(raw ? { headers: new Map([['x-mailverb-raw-charset', utf8 ? 'utf-8' : 'iso-8859-1']]) } : {}),
    ...(problem === undefined ? {} : { problem }),
    async *chunks() {
      yield opened(head);
      yield syntax(',"Attachments":');
      yield* attachmentList(message, outline, { describe, member: 'Content', limits }, signal);
      if (raw) {
        yield syntax(',"RawEmail":');
        yield* textString(message, utf8, signal);
      }
      yield syntax('}');
    },
  };
}

function full({ name, address }: Address): object {
  return { Email: address, Name: name, MailboxHash: mailboxHash(address) };
}

/** What stands behind the first plus sign of the local part. */
function mailboxHash(address: string): string {
  const at = address.lastIndexOf('@');
  const plus = address.indexOf('+');
  return plus === -1 || plus > at ? '' : address.slice(plus + 1, at);
}

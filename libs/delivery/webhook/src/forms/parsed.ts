/** The form `parsed`: our own JSON. The order of its members is such that a reader in streaming mode knows all but the contents first. */
import type { Envelope, Recipient, Session } from '@mailverb/contract';
import { first, type HeaderFacts } from '../mime/header-facts.js';
import { outlineOf, type Attachment, type Outline } from '../mime/outline.js';
import { attachmentList, base64String, opened, syntax } from './json-text.js';
import type { FormOptions, Payload, Posting } from './payload.js';

/** Makes the payload. */
export async function parsedPayload(posting: Posting, { limits, includeRaw }: FormOptions): Promise<Payload> {
  const { message, envelope, recipients, session, now, signal } = posting;
  const outline = await outlineOf(message, limits, signal);
  const { problem } = outline;
  const head = {
    version: 1,
    id: envelope.id,
    receivedAt: new Date(now).toISOString(),
    envelope: envelopeFacts(envelope, recipients),
    session: sessionFacts(session),
    size: message.size,
    parsed: problem === undefined,
    ...(problem === undefined ? {} : { problem }),
    ...messageFacts(outline),
  };
  return {
    contentType: 'application/json',
    ...(problem === undefined ? {} : { problem }),
    async *chunks() {
      yield opened(head);
      yield syntax(',"attachments":');
      yield* attachmentList(message, outline, { describe, member: 'content', limits }, signal);
      if (includeRaw || problem !== undefined) {
        yield syntax(',"raw":');
        yield* base64String(message, signal);
      }
      yield syntax('}');
    },
  };
}

function envelopeFacts({ reversePath, parameters }: Envelope, recipients: readonly Recipient[]): object {
  const { SIZE, BODY, SMTPUTF8, RET, ENVID } = parameters;
  return {
    // null is the null reverse-path: a bounce.
    sender: reversePath === null ? null : reversePath.address,
    parameters: { SIZE, BODY, SMTPUTF8, RET, ENVID },
    recipients: recipients.map(({ mailbox, parameters: { NOTIFY, ORCPT } }) => ({
      address: mailbox.address,
      parameters: { NOTIFY: typeof NOTIFY === 'object' ? [...NOTIFY] : NOTIFY, ORCPT },
    })),
  };
}

function sessionFacts(session: Session): object {
  const { id, listener, remoteAddress, remotePort, remoteName, heloName, tls, identity, annotations } = session;
  return {
    id,
    listener: listener.name,
    hostname: listener.hostname,
    protocol: listener.protocol,
    client: { address: remoteAddress, port: remotePort, name: remoteName ?? null, helo: heloName ?? null },
    tls: tls === undefined ? null : { version: tls.version, cipher: tls.cipher },
    identity: identity === undefined ? null : { name: identity.name, mechanism: identity.mechanism },
    annotations: annotations.map(({ by, key, value }) => ({ by, key, value })),
  };
}

function messageFacts({ header, text, html }: Outline): object {
  return {
    subject: header.subject,
    from: header.from,
    to: header.to,
    cc: header.cc,
    bcc: header.bcc,
    replyTo: header.replyTo,
    date: dateOf(header),
    messageId: first(header.fields, 'Message-ID'),
    headers: header.fields,
    text: text ?? null,
    html: html ?? null,
  };
}

/** RFC 3339; null where there is none, or it is no date. */
function dateOf({ fields }: HeaderFacts): string | null {
  const value = first(fields, 'Date');
  // The reader of dates takes much: what is longer than any date is none.
  const time = value.length > 100 ? Number.NaN : Date.parse(value);
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}

function describe({ filename, contentType, inline, contentId, size }: Attachment): object {
  return { filename: filename ?? null, contentType, inline, contentId: contentId ?? null, size };
}

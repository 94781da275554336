/** The form `raw`: the body is the message, octet for octet; the envelope is in headers or behind the URL. */
import { pieces } from '../mime/pieces.js';
import { addressesOf, senderOf, type FormOptions, type Payload, type Posting } from './payload.js';

/**
 * Text as it may stand in a header (attack A6): what is not printable ASCII, and `%`, `,`, `;`, `"` and space, is percent-encoded as UTF-8;
 * `decodeURIComponent` gives it back. Usual addresses stay as they are.
 */
export function headerText(text: string): string {
  let out = '';
  for (const byte of Buffer.from(text)) {
    const plain = byte > 0x20 && byte < 0x7f && !RESERVED.has(byte);
    out += plain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return out;
}

const MAX_LOGIN = 1000;
const RESERVED: ReadonlySet<number> = new Set(Buffer.from('%,;"'));

/** Makes the payload. */
export function rawPayload(posting: Posting, { envelopeIn }: FormOptions): Payload {
  const { message, envelope, recipients, session, signal } = posting;
  const sender = senderOf(envelope);
  const addresses = addressesOf(recipients);
  const headers = new Map<string, string>([
    ['x-mailverb-listener', headerText(session.listener.name)],
    ['x-mailverb-client', headerText(session.remoteAddress)],
  ]);
  if (session.heloName !== undefined) headers.set('x-mailverb-helo', headerText(session.heloName));
  const login = session.identity === undefined ? '' : headerText(session.identity.name);
  // A name may be longer than all headers may be, and one that is cut is another's.
  if (login !== '' && login.length <= MAX_LOGIN) headers.set('x-mailverb-login', login);
  const payload = { contentType: 'message/rfc822', headers, size: message.size, chunks: () => pieces(message, signal) };
  if (envelopeIn === 'query') {
    const query: [string, string][] = addresses.map((address) => ['recipient', address]);
    return { ...payload, query: [['sender', sender], ...query] };
  }
  headers.set('x-mailverb-sender', headerText(sender));
  headers.set('x-mailverb-recipients', addresses.map(headerText).join(', '));
  return payload;
}

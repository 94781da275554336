/**
 * The envelope as headers of a publication, in version 1 of the documented format (README). Its values come from the network, so each is made clean
 * (attack A6): in JSON by its escapes, which change nothing, so that an address stays what it is. All names are fixed: nothing of a message becomes one
 * (attack A10).
 */
import type { Envelope, Notify, Recipient, Session } from '@mailverb/contract';
import { asciiJson, cleanValue } from './clean.js';

/** Raised when something is taken away or changes its meaning; not for what is added. */
export const FORMAT_VERSION = 1;

/** `json`: one header with all of it. `headers`: one for each fact, without the parameters of recipients. */
export type EnvelopeForm = 'json' | 'headers';

/** What one publication is about. */
export interface PublishedMessage {
  readonly envelope: Envelope;
  readonly session: Session;
  /** Of this publication. */
  readonly recipients: readonly Recipient[];
  /** Octets of the body. */
  readonly size: number;
  /** Which of how many publications of the message: 1 of 1. */
  readonly part: number;
  readonly parts: number;
}

type Headers = Map<string, string | readonly string[]>;

/** ORCPT and ENVID are bounded by RFC 3461 4.2 and 4.4, and not cut. */
const PARAMETER = 500;

/** False where the form cannot say this address as it is: what would be cleaned away is a part of it. */
export function canSay(address: string, form: EnvelopeForm): boolean {
  return form === 'json' || cleanValue(address) === address;
}

/** All headers of a publication. */
export function envelopeHeaders(message: PublishedMessage, form: EnvelopeForm): Headers {
  const headers: Headers = new Map([
    ['Mailverb-Version', String(FORMAT_VERSION)],
    ['Mailverb-Id', cleanValue(message.envelope.id)],
  ]);
  if (form === 'json') headers.set('Mailverb-Envelope', asciiJson(envelopeJson(message)));
  else addFacts(headers, message);
  return headers;
}

/** The recipients as they stand in the JSON form. */
export function recipientJson({ mailbox, parameters }: Recipient): object {
  return {
    address: mailbox.address,
    notify: notifyJson(parameters.NOTIFY),
    orcpt: parameters.ORCPT && {
      type: cleanValue(parameters.ORCPT.type),
      address: cleanValue(parameters.ORCPT.address, PARAMETER),
    },
  };
}

function envelopeJson(message: PublishedMessage): object {
  const { envelope, session, recipients, size, part, parts } = message;
  const { parameters } = envelope;
  return {
    version: FORMAT_VERSION,
    id: cleanValue(envelope.id),
    part,
    parts,
    // Null is the null reverse-path.
    from: envelope.reversePath === null ? null : envelope.reversePath.address,
    to: recipients.map(recipientJson),
    size,
    body: parameters.BODY,
    smtputf8: parameters.SMTPUTF8,
    ret: parameters.RET,
    envid: parameters.ENVID && cleanValue(parameters.ENVID, PARAMETER),
    client: {
      address: cleanValue(session.remoteAddress),
      helo: session.heloName && cleanValue(session.heloName),
      identity: session.identity && cleanValue(session.identity.name),
      tls: session.tls && cleanValue(session.tls.version),
    },
    listener: cleanValue(session.listener.name),
    server: cleanValue(session.listener.hostname),
  };
}

function addFacts(headers: Headers, message: PublishedMessage): void {
  const { envelope, session, recipients, size, part, parts } = message;
  const { parameters } = envelope;
  const add = (name: string, value: string | undefined) => {
    if (value !== undefined) headers.set(`Mailverb-${name}`, cleanValue(value, PARAMETER));
  };
  add('Part', `${part}/${parts}`);
  // Empty is the null reverse-path: an address never is.
  add('From', envelope.reversePath?.address ?? '');
  headers.set(
    'Mailverb-To',
    recipients.map(({ mailbox }) => cleanValue(mailbox.address)),
  );
  add('Size', String(size));
  add('Body', parameters.BODY);
  add('Smtputf8', parameters.SMTPUTF8 && 'true');
  add('Ret', parameters.RET);
  add('Envid', parameters.ENVID);
  add('Client', session.remoteAddress);
  add('Helo', session.heloName);
  add('Identity', session.identity?.name);
  add('Tls', session.tls?.version);
  add('Listener', session.listener.name);
  add('Server', session.listener.hostname);
}

function notifyJson(notify: Notify | undefined): readonly string[] | undefined {
  if (notify === undefined) return undefined;
  return notify === 'never' ? ['never'] : [...notify];
}

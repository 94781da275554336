/**
 * Received: the trace field that every server adds (RFC 5321 4.4).
 *
 *     Received: from client.example ([192.0.2.1])
 *             by mx.example.org with ESMTPS id 3f9a1c20b4-1a
 *             for <ann@example.org> tls TLS_AES_256_GCM_SHA384 (TLSv1.3);
 *             Fri, 20 Nov 2026 15:06:58 +0000
 *
 * It is on the path of every message, so it is one string and one buffer; what can be known before is.
 */
import { Clock, Options, type Session, type Transform, type TransformInput } from '@mailverb/contract';
import { formatDateTime } from '@mailverb/protocol';
import { inject, injectable } from 'tsyringe';
import { clean } from './clean.js';
import { protocolName } from './protocol-name.js';
import type { ReceivedOptions } from './received.options.js';

const FOLD = '\r\n\t';

/** RFC 5322 2.1.1: a line should have no more than 78 characters. */
const LINE = 78;
/** Of the first two lines, the tab or the field name and the words between what is counted. */
const FROM_WORDS = 'Received: from '.length + 1;
const BY_WORDS = '\tby  with  id '.length;

/** The transform received. */
@injectable()
export class ReceivedTransform implements Transform {
  // The same for all messages of a second.
  private second = -1;
  private date = '';

  constructor(
    @inject(Options) private readonly options: ReceivedOptions,
    @inject(Clock) private readonly clock: Clock,
  ) {}

  prepend({ session, envelope }: TransformInput): Uint8Array {
    const { options } = this;
    const peer = peerName(session.remoteAddress);
    const helo = session.heloName === undefined ? peer : clean(session.heloName);
    const { hostname } = session.listener;
    const id = options.id ? envelope.id : '';

    let clauses = '';
    let encoding: 'latin1' | 'utf8' = 'latin1';
    const only = options.for && envelope.recipients.length === 1 ? envelope.recipients[0]?.mailbox : undefined;
    // A mailbox's canonical form is safe in a header. With a character outside ASCII it can be here only by SMTPUTF8.
    if (only !== undefined && (!only.utf8 || envelope.parameters.SMTPUTF8 === true)) {
      clauses = `${FOLD}for <${only.address}>`;
      if (only.utf8) encoding = 'utf8';
    }
    if (options.tls && session.tls !== undefined) {
      clauses += `${FOLD}tls ${clean(session.tls.cipher)} (${clean(session.tls.version)})`;
    }

    return Buffer.from(
      `Received: from ${helo}${FROM_WORDS + helo.length + peer.length + 2 > LINE ? FOLD : ' '}(${peer})` +
        (options.auth && session.identity !== undefined
          ? `${FOLD}(authenticated as ${clean(session.identity.name)})`
          : '') +
        `${FOLD}by ${hostname}${BY_WORDS + hostname.length + 10 + id.length > LINE ? FOLD : ' '}with ` +
        `${protocolName(session, envelope)}${options.id ? ' id ' : ''}${id}${clauses};${FOLD}${this.now()}\r\n`,
      encoding,
    );
  }

  private now(): string {
    const now = this.clock.now();
    const second = Math.floor(now / 1000);
    if (second !== this.second) {
      this.second = second;
      this.date = formatDateTime(now);
    }
    return this.date;
  }
}

/** `[192.0.2.1]`, `[IPv6:2001:db8::1]`; a unix socket has no address, and its peer is on this machine. */
function peerName(address: Session['remoteAddress']): string {
  if (address === '') return 'localhost';
  // The zone of a link-local address means something on this machine only, and RFC 5321 4.1.3 has no place for it.
  const zone = address.indexOf('%');
  const plain = zone === -1 ? address : address.slice(0, zone);
  return plain.includes(':') ? `[IPv6:${plain}]` : `[${plain}]`;
}

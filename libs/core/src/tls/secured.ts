/** TLS around a stream: the handshake from the server's side (RFC 3207, RFC 8314), and what came of it. */
import { X509Certificate } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { TLSSocket, type SecureContext } from 'node:tls';
import type { ChannelBinding, ClientCertificate, TlsFacts } from '@mailverb/contract';
import type { TlsPlan } from '../host/plan.js';
import { serverEndPoint } from './channel-binding.js';
import type { Credentials } from './credentials.js';

type Chosen = (error: Error | null, context: SecureContext) => void;

/** How a listener encrypts, ready to use. */
export interface TlsSettings {
  readonly mode: TlsPlan['mode'];
  readonly clientCertificates: NonNullable<TlsPlan['clientCertificates']>;
  readonly credentials: Credentials;
}

/** Begins the handshake. The socket says `secure` when it is over, or `error` or `close` if it came to nothing; who listens sets the time. */
export function secured(stream: Duplex, { clientCertificates, credentials }: TlsSettings): TLSSocket {
  return new TLSSocket(stream as ConstructorParameters<typeof TLSSocket>[0], {
    isServer: true,
    secureContext: credentials.contextFor(undefined),
    requestCert: clientCertificates !== 'none',
    rejectUnauthorized: clientCertificates === 'require',
    // With one certificate there is nothing to choose, and not to be asked saves a good part of the handshake's own time.
    ...(credentials.byName
      ? { SNICallback: (name: string, callback: Chosen) => callback(null, credentials.contextFor(name)) }
      : {}),
  });
}

/** What was agreed on; undefined if the client's certificate was demanded and can't be verified. */
export function factsOf(socket: TLSSocket, { clientCertificates }: TlsSettings): TlsFacts | undefined {
  const certificate = clientCertificates === 'none' ? undefined : verifiedCertificate(socket);
  if (clientCertificates === 'require' && certificate === undefined) return undefined;
  // Node gives `false` where the client has asked for no name.
  const { servername } = socket as { servername?: unknown };
  return new Facts(
    socket,
    socket.getProtocol() ?? 'unknown',
    socket.getCipher().standardName,
    typeof servername === 'string' && servername !== '' ? servername.toLowerCase() : undefined,
    certificate,
  );
}

class Facts implements TlsFacts {
  readonly #socket: TLSSocket;

  constructor(
    socket: TLSSocket,
    readonly version: string,
    readonly cipher: string,
    readonly serverName: string | undefined,
    readonly clientCertificate: ClientCertificate | undefined,
  ) {
    this.#socket = socket;
  }

  channelBinding(type: ChannelBinding): Uint8Array | undefined {
    if (type === 'tls-server-end-point') return serverEndPoint(this.#socket);
    // RFC 9266 4.2: before TLS 1.3 only with the extended master secret, of which Node does not tell.
    if (this.version !== 'TLSv1.3') return undefined;
    return this.#socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0));
  }
}

/**
 * The client's certificate, if OpenSSL has verified it. Node asks that question only for sockets of its own `tls.Server`, which can't be told which
 * connection of ours a handshake belongs to; so it is asked here, of the same handle. Where there is no such handle nothing is verified.
 */
function verifiedCertificate(socket: TLSSocket): ClientCertificate | undefined {
  const { ssl } = socket as { ssl?: { verifyError?: () => unknown } };
  if (typeof ssl?.verifyError !== 'function') return undefined;
  const verdict: unknown = ssl.verifyError();
  const peer = socket.getPeerX509Certificate?.();
  if (peer === undefined || (verdict !== null && verdict !== undefined)) return undefined;
  return describe(peer);
}

function describe(certificate: X509Certificate): ClientCertificate {
  const alternatives = splitNames(certificate.subjectAltName ?? '');
  const named = (prefix: string) =>
    alternatives.filter((one) => one.startsWith(prefix)).map((one) => one.slice(prefix.length));
  return {
    subject: certificate.subject.split('\n').join(','),
    commonName: /^CN=(.+)$/m.exec(certificate.subject)?.[1],
    emails: named('email:'),
    hosts: named('DNS:'),
    fingerprint: certificate.fingerprint256,
  };
}

/** Node quotes a name with a comma in it (CVE-2021-44532): such a one is left out, as it is nobody's address or host. */
function splitNames(text: string): readonly string[] {
  return text.includes('"') ? [] : text.split(', ');
}

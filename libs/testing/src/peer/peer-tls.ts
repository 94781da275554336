/** Certificates of a scripted peer: good ones, and all that can be wrong with one. Made once for all peers of a process. */
import { createSecureContext, type SecureContext } from 'node:tls';
import { makeCertificate, type MadeCertificate } from '@mailverb/certificates';
import type { PeerTls } from './peer-options.js';

const DAY_MS = 86_400_000;

/** What a peer shows, and who signed it. */
export interface PeerCertificates {
  /** PEM of the authority that a client must trust. */
  readonly ca: string;
  context(tls: PeerTls): SecureContext;
}

let made: Promise<PeerCertificates> | undefined;

export function peerCertificates(): Promise<PeerCertificates> {
  made ??= make();
  return made;
}

async function make(): Promise<PeerCertificates> {
  const [authority, stranger] = await Promise.all([
    makeCertificate({ commonName: 'test authority', authority: true }),
    makeCertificate({ commonName: 'another authority', authority: true }),
  ]);
  const [trusted, untrusted, otherName, expired] = await Promise.all([
    makeCertificate({ signedBy: authority }),
    makeCertificate({ signedBy: stranger }),
    makeCertificate({ signedBy: authority, names: ['other.example'] }),
    makeCertificate({ signedBy: authority, from: Date.now() - 9 * DAY_MS, days: 2 }),
  ]);
  const contexts = new Map<PeerTls, SecureContext>([
    ['trusted', contextOf(trusted)],
    ['untrusted', contextOf(untrusted)],
    ['other-name', contextOf(otherName)],
    ['expired', contextOf(expired)],
  ]);
  const usual = contextOf(trusted);
  return { ca: authority.cert, context: (tls) => contexts.get(tls) ?? usual };
}

function contextOf({ cert, key }: MadeCertificate): SecureContext {
  return createSecureContext({ cert, key });
}

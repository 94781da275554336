/** The triple that greylisting goes by: who sends, in whose name, to whom. In one spelling, and as the key that it is kept under. */
import { hash } from 'node:crypto';
import type { Mailbox, ReversePath } from '@mailverb/protocol';

/** One triple, normalised. */
export interface Triple {
  /** As of `networkOf`, or {@link LOCAL}. */
  readonly network: string;
  /** The canonical wire form, or `<>`. */
  readonly sender: string;
  readonly recipient: string;
}

/** Changes with what is kept under the keys: two versions that share a store must not misread each other. */
export const PREFIX = 'policy-greylist:1';

/** The network of all clients without an address, those of a unix socket: they wait like anybody else. */
export const LOCAL = 'local';

/** The null reverse-path, which is no address. */
export const NULL_SENDER = '<>';

/**
 * A path as it is compared. The mailbox is canonical already, but for the case of its local part (RFC 5321 2.4): it counts unless `fold`.
 */
export function pathText(path: ReversePath, fold: boolean): string {
  return path === null ? NULL_SENDER : mailboxText(path, fold);
}

function mailboxText({ address, host, utf8 }: Mailbox, fold: boolean): string {
  // `postmaster` alone is the same in any case (RFC 5321 4.5.1).
  if (!fold && host !== undefined) return address;
  return (utf8 ? address.normalize('NFC') : address).toLowerCase();
}

/**
 * The three texts as octets, each but the last with its length before it, so that no triple is another's. At most 64 + 320 characters of
 * addresses, so that two octets hold a length.
 */
export function encodeTriple({ network, sender, recipient }: Triple): Buffer {
  const [n, s] = [Buffer.byteLength(network), Buffer.byteLength(sender)];
  const octets = Buffer.allocUnsafe(4 + n + s + Buffer.byteLength(recipient));
  octets.writeUInt16BE(n, 0);
  octets.writeUInt16BE(s, 2);
  octets.write(network, 4);
  octets.write(sender, 4 + n);
  octets.write(recipient, 4 + n + s);
  return octets;
}

/** Undefined for what is none. */
export function decodeTriple(octets: Buffer): Triple | undefined {
  if (octets.length < 4) return undefined;
  const behindNetwork = 4 + octets.readUInt16BE(0);
  const behindSender = behindNetwork + octets.readUInt16BE(2);
  if (behindSender > octets.length) return undefined;
  return {
    network: octets.toString('utf8', 4, behindNetwork),
    sender: octets.toString('utf8', behindNetwork, behindSender),
    recipient: octets.toString('utf8', behindSender),
  };
}

/** The key for an encoded triple: of any length and with any characters in it, it is one of 64 (attack A10). */
export function keyOf(encoded: Uint8Array): string {
  return `${PREFIX}:triple:${hash('sha256', encoded, 'base64url')}`;
}

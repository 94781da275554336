/** Which recipients share a publication: those of one target, so many at most, and so that their envelope fits into one header. */
import type { Recipient } from '@mailverb/contract';
import { asciiJson } from './clean.js';
import { recipientJson } from './envelope-headers.js';

/** A recipient, and where its publication goes. */
export interface Addressed {
  readonly recipient: Recipient;
  readonly target: string;
}

/** The recipients of one publication. */
export interface Part {
  readonly target: string;
  readonly recipients: Recipient[];
}

/** Octets of recipients in one envelope: all headers must fit into one frame of AMQP, of which clients encode 64 KiB at most. */
const ENVELOPE_OCTETS = 24 * 1024;

/** In the order of the first recipient of each. */
export function partsOf(addressed: readonly Addressed[], recipientsPerMessage: number): readonly Part[] {
  const parts: Part[] = [];
  const open = new Map<string, { readonly part: Part; octets: number }>();
  for (const { recipient, target } of addressed) {
    const octets = asciiJson(recipientJson(recipient)).length + 1;
    const current = open.get(target);
    if (
      current !== undefined &&
      current.part.recipients.length < recipientsPerMessage &&
      current.octets + octets <= ENVELOPE_OCTETS
    ) {
      current.part.recipients.push(recipient);
      current.octets += octets;
      continue;
    }
    const part = { target, recipients: [recipient] };
    parts.push(part);
    open.set(target, { part, octets });
  }
  return parts;
}

/**
 * A message as its leaves: each part that is no multipart, and its decoded content behind it, in order and in pieces.
 *
 * Walked once to see what there is, and again whenever contents are wanted, so that no content is ever kept. The same message gives the same
 * leaves each time. Bounded in parts, depth and header octets (attack A9); what is beyond is {@link Unparsable}.
 */
import type { HeldMessage } from '@mailverb/contract';
import { Splitter, type MimeNode, type SplitterChunk } from '@zone-eu/mailsplit';
import { pipeline } from 'node:stream/promises';
import { pieces } from './pieces.js';
import { transferDecoder, type TransferDecoder } from './transfer-decoding.js';

/** How much of a structure is looked at. */
export interface MimeLimits {
  readonly maxParts: number;
  readonly maxDepth: number;
  /** Octets of all header blocks together. */
  readonly maxHeaderSize: number;
}

/** The message has more of something than is looked at, or no structure that can be trusted. The text says of what. */
export class Unparsable extends Error {
  override readonly name = 'Unparsable';
}

/** What a walk meets: the header of the message (once, first), a leaf, some of its content. */
export type WalkEvent =
  | { readonly kind: 'header'; readonly node: MimeNode }
  | { readonly kind: 'leaf'; readonly node: MimeNode }
  | { readonly kind: 'content'; readonly bytes: Uint8Array };

/** Walks through a message. Throws {@link Unparsable}, what the message throws, and what the signal says. */
export async function* walk(message: HeldMessage, limits: MimeLimits, signal: AbortSignal): AsyncGenerator<WalkEvent> {
  const splitter = new Splitter({
    ignoreEmbedded: true,
    maxHeadSize: limits.maxHeaderSize,
    maxChildNodes: limits.maxParts,
  });
  const fed = pipeline(pieces(message, signal), splitter);
  // What goes wrong comes out of the splitter too.
  fed.catch(() => undefined);
  const chunks: AsyncIterable<SplitterChunk> = splitter;
  const structure = new Structure(limits);
  let decoder: TransferDecoder | undefined;
  try {
    for await (const chunk of chunks) {
      if (chunk.type === 'body') {
        if (decoder !== undefined) yield { kind: 'content', bytes: decoder.push(chunk.value) };
        continue;
      }
      if (chunk.type !== 'node') continue;
      if (decoder !== undefined) yield { kind: 'content', bytes: decoder.end() };
      decoder = undefined;
      structure.add(chunk);
      if (chunk.root) yield { kind: 'header', node: chunk };
      if (chunk.multipart !== false) continue;
      decoder = transferDecoder(chunk.encoding === false ? '' : chunk.encoding);
      yield { kind: 'leaf', node: chunk };
    }
    if (decoder !== undefined) yield { kind: 'content', bytes: decoder.end() };
    structure.end();
  } catch (error) {
    signal.throwIfAborted();
    throw isTooMuch(error)
      ? new Unparsable('it has more parts than maxParts, or a header longer than maxHeaderSize')
      : error;
  } finally {
    splitter.destroy();
  }
}

/** Counts what a message is made of. */
class Structure {
  private headerOctets = 0;
  /** Multiparts in which no part was found so far. */
  private readonly empty = new Set<MimeNode>();

  constructor(private readonly limits: MimeLimits) {}

  add(node: MimeNode): void {
    const { maxDepth, maxHeaderSize } = this.limits;
    this.headerOctets += node._headerlen;
    if (this.headerOctets > maxHeaderSize) throw new Unparsable('its headers are longer than maxHeaderSize');
    if (depthOf(node, maxDepth) > maxDepth) throw new Unparsable('its parts are nested deeper than maxDepth');
    if (node.multipart !== false) this.empty.add(node);
    if (node.parentNode !== false) this.empty.delete(node.parentNode);
  }

  /** Without a part, all that stands in a multipart is between parts and belongs to none: to give it out as empty would lose it. */
  end(): void {
    if (this.empty.size > 0) throw new Unparsable('it has a multipart without parts');
  }
}

/** How many multiparts a part is in; counts to one more than `enough`. */
function depthOf(node: MimeNode, enough: number): number {
  let depth = 0;
  for (let at = node.parentNode; at !== false && depth <= enough; at = at.parentNode) depth += 1;
  return depth;
}

function isTooMuch(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EMAXLEN';
}

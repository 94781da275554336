/** One setting of V8 that a server of ours wants. For apps to call first: it is about the whole process, and trades memory for time. */
import { setFlagsFromString } from 'node:v8';

/**
 * Lets the old generation grow to five times what lives in it before it is collected.
 *
 * A server's live heap is small, about 12 MB, and each read of a socket brings a buffer of up to 64 KiB. Some grow old before they are let go, and
 * with V8's default that is a full collection ten times a second for messages of 100 KiB, which cost more than the messages: 149 µs of CPU each
 * instead of 71 in the run that decided it (tools/bench, data-100k). The price is a few tens of megabytes at most.
 */
export function tuneHeap(): void {
  setFlagsFromString('--heap-growing-percent=400');
}

/** Ids of sessions and transactions: short, unique in this process by a counter, between processes by a random start. */
import { randomBytes } from 'node:crypto';

const PROCESS = randomBytes(5).toString('hex');
let counter = 0;

/** Such as `3f9a1c20b4-1a`. */
export function sessionId(): string {
  counter += 1;
  return `${PROCESS}-${counter.toString(36)}`;
}

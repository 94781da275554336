/** Connections that say EHLO and then nothing. */
import { Connection, type Watcher } from './connection.js';
import { EHLO_ONLY } from './script.js';

/** How many connections to hold, where. */
export interface HoldRequest {
  readonly port: number;
  readonly connections: number;
}

/** So many are greeted at once: less than a listener's backlog. */
const AT_ONCE = 200;

/** Source addresses to take turns with: one address has too few ports for many connections and those that just ended. */
const ADDRESSES = 50;

const held = new Set<Connection>();

/** Opens the connections and resolves when all have their EHLO reply. They stay until {@link release}. */
export function hold({ port, connections }: HoldRequest): Promise<void> {
  return new Promise((resolve, reject) => {
    let opened = 0;
    let greeted = 0;
    const open = (): void => {
      if (opened === connections) return;
      const localAddress = `127.0.0.${2 + (opened++ % ADDRESSES)}`;
      held.add(new Connection({ port, localAddress }, EHLO_ONLY, watcher));
    };
    const watcher: Watcher = {
      completed: () => {
        if (++greeted === connections) resolve();
        else open();
        return false;
      },
      // A server that gives up on idle connections fails the measurement; after `resolve` this does nothing.
      closed: () => reject(new Error('the server closed an idle connection')),
      failed: reject,
    };
    for (let i = 0; i < AT_ONCE; i++) open();
  });
}

/** Closes what is held. */
export function release(): void {
  for (const connection of held) connection.destroy();
  held.clear();
}

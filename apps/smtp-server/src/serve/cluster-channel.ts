/** The worker's end of node:cluster's channel. */
import cluster from 'node:cluster';
import type { Channel } from './worker-link.js';
import { marked, unmarked, type Order } from './worker.js';

/** Of this process, which is a worker. */
export function clusterChannel(): Channel {
  return {
    send(report) {
      // A channel that is closed is told by `disconnect`.
      process.send?.(marked(report), undefined, undefined, () => undefined);
    },
    onOrder(handler) {
      process.on('message', (message: unknown) => {
        const order = unmarked<Order>(message);
        if (order !== undefined) handler(order);
      });
    },
    onGone(handler) {
      cluster.worker?.once('disconnect', () => {
        // Node would end this process on the spot; open transactions get their time.
        if (cluster.worker !== undefined) cluster.worker.exitedAfterDisconnect = true;
        handler();
      });
    },
  };
}

/** The channel would keep a process that is done: nobody has anything to say to it any more. */
export function closeClusterChannel(): void {
  if (cluster.worker !== undefined) cluster.worker.exitedAfterDisconnect = true;
  if (process.connected) process.disconnect?.();
}

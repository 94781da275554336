/** The raw responder on a socket: one read, one write, nothing else. */
import type { Socket } from 'node:net';
import { GREETING, Responder } from './responder.js';

export function respond(socket: Socket): void {
  const responder = new Responder();
  socket.on('data', (chunk: Buffer) => {
    const replies = responder.take(chunk);
    if (responder.ended) socket.end(replies, 'latin1');
    else if (replies !== '') socket.write(replies, 'latin1');
  });
  socket.on('error', () => socket.destroy());
  socket.write(GREETING, 'latin1');
}

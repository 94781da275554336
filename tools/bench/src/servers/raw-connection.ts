/** The raw responder on a socket: one read, one write, nothing else; and TLS when it is asked for. */
import type { Socket } from 'node:net';
import { TLSSocket, type SecureContext } from 'node:tls';
import { GREETING, Responder } from './responder.js';

export function respond(socket: Socket, secureContext?: SecureContext): void {
  const responder = new Responder();
  answer(socket, responder, secureContext);
  socket.write(GREETING, 'latin1');
}

function answer(socket: Socket, responder: Responder, secureContext: SecureContext | undefined): void {
  const read = (chunk: Buffer) => {
    const replies = responder.take(chunk);
    if (responder.ended) socket.end(replies, 'latin1');
    else if (replies !== '') socket.write(replies, 'latin1');
    if (!responder.securing) return;
    responder.securing = false;
    socket.off('data', read);
    socket.pause();
    answer(new TLSSocket(socket, { isServer: true, secureContext }), responder, undefined);
  };
  socket.on('data', read);
  socket.on('error', () => socket.destroy());
}

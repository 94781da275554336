/** Server process: the raw `node:net` responder. One read, one write, nothing else. */
import { createServer, type AddressInfo } from 'node:net';
import { serveBench } from './host.js';
import { GREETING, Responder } from './responder.js';

// noDelay as in any server whose replies shall not wait for Nagle: it costs a system call for each connection.
const server = createServer({ noDelay: true }, (socket) => {
  const responder = new Responder();
  socket.on('data', (chunk: Buffer) => {
    const replies = responder.take(chunk);
    if (responder.ended) socket.end(replies, 'latin1');
    else if (replies !== '') socket.write(replies, 'latin1');
  });
  socket.on('error', () => socket.destroy());
  socket.write(GREETING, 'latin1');
});

server.listen(0, '127.0.0.1', () => serveBench((server.address() as AddressInfo).port));

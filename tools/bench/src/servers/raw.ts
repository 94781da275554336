/** Server process: the raw `node:net` responder; with the files of a certificate and its key, by STARTTLS the raw `node:tls` responder. */
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { createSecureContext } from 'node:tls';
import { serveBench } from './host.js';
import { respond } from './raw-connection.js';

// noDelay as in any server whose replies shall not wait for Nagle: it costs a system call for each connection.
const [cert, key] = process.argv.slice(2);
const context =
  cert === undefined || key === undefined
    ? undefined
    : createSecureContext({ cert: readFileSync(cert), key: readFileSync(key), minVersion: 'TLSv1.2' });
const server = createServer({ noDelay: true }, (socket) => respond(socket, context));

server.listen(0, '127.0.0.1', () => serveBench((server.address() as AddressInfo).port));

/** Server process: the raw `node:net` responder. */
import { createServer, type AddressInfo } from 'node:net';
import { serveBench } from './host.js';
import { respond } from './raw-connection.js';

// noDelay as in any server whose replies shall not wait for Nagle: it costs a system call for each connection.
const server = createServer({ noDelay: true }, respond);

server.listen(0, '127.0.0.1', () => serveBench((server.address() as AddressInfo).port));

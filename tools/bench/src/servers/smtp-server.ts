/** Server process: nodemailer's smtp-server, draining what it gets. */
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { serveBench } from './host.js';

const [cert, key] = process.argv.slice(2);
const tls = cert === undefined || key === undefined ? undefined : { cert: readFileSync(cert), key: readFileSync(key) };

const server = new SMTPServer({
  disabledCommands: ['AUTH', ...(tls === undefined ? ['STARTTLS'] : [])],
  ...tls,
  // No other server here asks DNS for the client's name, writes a log or refuses at some number of connections.
  disableReverseLookup: true,
  logger: false,
  onData(stream, _session, callback) {
    stream.on('end', () => callback());
    stream.resume();
  },
});

server.on('error', () => {});
const listening = server.listen(0, '127.0.0.1', () => serveBench((listening.address() as AddressInfo).port));

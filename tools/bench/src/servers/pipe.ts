/** Server process: a raw byte pipe to the port that is its argument. What a live proxy costs at least, if it reads nothing of what it carries. */
import { connect, createServer, type AddressInfo } from 'node:net';
import { serveBench } from './host.js';

const [upstream = '0'] = process.argv.slice(2);

const server = createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
  const behind = connect({ host: '127.0.0.1', port: Number(upstream), noDelay: true, allowHalfOpen: true });
  client.pipe(behind).pipe(client);
  client.on('error', () => behind.destroy());
  behind.on('error', () => client.destroy());
});

server.listen(0, '127.0.0.1', () => serveBench((server.address() as AddressInfo).port));

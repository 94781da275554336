/** XCLIENT: what a server that trusts us is told of the client that we work for, in Postfix's words. */
import { encodeXtext } from '@mailverb/protocol';
import type { ClientConnection } from './connection.js';
import { ClientError } from './errors.js';
import { hello } from './hello.js';
import type { ClientSettings, RepresentedPeer } from './settings.js';

const UNAVAILABLE = '[UNAVAILABLE]';

/** Makes the server take us for this client. Costs nothing if it does already. @throws {ClientError} `refused` where it will not. */
export async function represent(
  connection: ClientConnection,
  client: RepresentedPeer,
  settings: ClientSettings,
): Promise<void> {
  const command = xclientCommand(client, new Set(connection.capabilities.words('XCLIENT')));
  if (command === connection.represents) return;
  if (!connection.capabilities.has('XCLIENT')) {
    connection.destroy();
    throw new ClientError('refused', 'xclient', `${connection.peer}: does not offer XCLIENT: it does not trust us`);
  }
  const answer = await connection.ask(command, 'xclient', settings.timeouts.hello);
  if (answer.code !== 220) {
    connection.destroy();
    throw new ClientError('refused', 'xclient', `${connection.peer}: said ${String(answer)} to XCLIENT`, answer);
  }
  // The session has begun anew, and the hello is the client's.
  await hello(connection, client.helo === undefined ? settings : { ...settings, name: client.helo });
  connection.represents = command;
}

function xclientCommand(client: RepresentedPeer, offered: ReadonlySet<string>): string {
  const attributes: readonly (readonly [string, string | undefined])[] = [
    ['NAME', client.name ?? UNAVAILABLE],
    ['ADDR', address(client.address)],
    ['PORT', String(client.port)],
    ['PROTO', client.protocol],
    ['HELO', client.helo],
    // Said of everybody: a server that keeps what it was not told anew would take this client for the one before.
    ['LOGIN', client.login ?? UNAVAILABLE],
    ['DESTADDR', address(client.localAddress)],
    ['DESTPORT', String(client.localPort)],
  ];
  const said = attributes.flatMap(([name, value]) =>
    value !== undefined && offered.has(name) ? [`${name}=${encodeXtext(value)}`] : [],
  );
  return ['XCLIENT', ...said].join(' ');
}

function address(text: string): string {
  if (text === '') return UNAVAILABLE;
  return text.includes(':') ? `IPV6:${text}` : text;
}

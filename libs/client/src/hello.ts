/** Who we are: EHLO, HELO where that is all that is understood, LHLO (RFC 5321 4.1.1.1, RFC 2033). */
import { ServerCapabilities } from './capabilities.js';
import type { ClientConnection } from './connection.js';
import { ClientError } from './errors.js';
import type { ClientSettings } from './settings.js';

/** Says hello, and learns what is offered. @throws {ClientError} `refused` if the server will not have us. */
export async function hello(connection: ClientConnection, { protocol, name, timeouts }: ClientSettings): Promise<void> {
  const verb = protocol === 'lmtp' ? 'LHLO' : 'EHLO';
  let answer = await connection.ask(`${verb} ${name}`, 'hello', timeouts.hello);
  if (answer.code === 250) {
    connection.capabilities = new ServerCapabilities(answer);
    return;
  }
  // RFC 5321 3.2: 500, 501, 502, 504 and 550 say that it does not know EHLO; anything else that it does not want us.
  if (protocol === 'smtp' && answer.permanent && answer.code !== 554 && answer.code !== 521) {
    answer = await connection.ask(`HELO ${name}`, 'hello', timeouts.hello);
    if (answer.code === 250) {
      connection.capabilities = new ServerCapabilities();
      return;
    }
  }
  connection.destroy();
  throw new ClientError('refused', 'hello', `${connection.peer}: said ${String(answer)} to ${verb}`, answer);
}

/**
 * Attack A14 where the connection is cut under TLS: after octets of a session with STARTTLS, AUTH and a message, by a reset or by an end of the
 * client's side. Only that session ends, no unfinished message is stored, and the server goes on.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { connect as secure } from 'node:tls';
import { Client } from './client';
import { names, stored, trace } from './maildir';
import { ANN, securePlace, usersIn, type SecurePlace } from './secure-place';

const DATA = 'Subject: one\r\n\r\nwhole\r\n';
const PLAIN = Buffer.from(`\0${ANN.name}\0${ANN.password}`).toString('base64');

/** How many octets the client has sent in all, and whether it was told 250 for its message. */
interface Told {
  readonly octets: number;
  readonly accepted: boolean;
}

/** Something between client and server that lets so many octets of the client through, and then is gone. */
async function cutting(port: number, octets: number, leave: 'reset' | 'end') {
  let passed = 0;
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const upstream = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
    for (const socket of [client, upstream]) socket.on('error', () => undefined);
    upstream.on('data', (chunk) => client.write(chunk)).on('close', () => client.destroy());
    client.on('close', () => upstream.end());
    client.on('data', (chunk: Buffer) => {
      const now = chunk.subarray(0, octets - passed);
      passed += now.length;
      const cut = passed >= octets;
      upstream.write(now, () => {
        if (!cut) return;
        if (leave === 'reset') upstream.resetAndDestroy();
        else upstream.end();
        client.destroy();
      });
      if (cut) client.pause();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, passed: () => passed, close: () => server.close() };
}

/** One session through it. */
async function session(at: SecurePlace, octets: number, leave: 'reset' | 'end'): Promise<Told> {
  const between = await cutting(at.port('starttls'), octets, leave);
  const raw = connect(between.port, '127.0.0.1');
  raw.on('error', () => undefined);
  let accepted = false;
  const say = async (client: Client, line: string, code: number): Promise<void> => {
    if (line !== '') client.write(`${line}\r\n`);
    const reply = await client.reply();
    if (reply?.code !== code) throw new Error(`${code} was due and ${reply?.text ?? 'nothing'} came`);
  };
  try {
    await once(raw, 'connect');
    const clear = Client.over(raw);
    await say(clear, '', 220);
    await say(clear, 'EHLO client.example', 250);
    await say(clear, 'STARTTLS', 220);
    const tls: Socket = secure({ socket: raw, ca: readFileSync(at.ca), servername: 'localhost' });
    const client = Client.over(tls);
    await say(client, 'EHLO client.example', 250);
    await say(client, `AUTH PLAIN ${PLAIN}`, 235);
    await say(client, `MAIL FROM:<${ANN.name}>`, 250);
    await say(client, 'RCPT TO:<you@example.org>', 250);
    await say(client, 'DATA', 354);
    await say(client, `${DATA}.`, 250);
    accepted = true;
    await say(client, 'QUIT', 221);
  } catch {
    // Cut off: what it was told until then counts.
  }
  raw.destroy();
  between.close();
  return { octets: between.passed(), accepted };
}

it.each(['reset', 'end'] as const)('A14: %s after an octet of a session with STARTTLS and AUTH', async (leave) => {
  const at = await securePlace({ limits: { connectionsPerAddress: 1000 } }, async (path) => ({
    auth: [{ use: 'static', file: await usersIn(path) }],
  }));
  const whole = await session(at, Number.MAX_SAFE_INTEGER, leave);
  expect(whole.accepted).toBe(true);
  let told = 1;
  // Every octet before TLS, every fifth of the rest: handshakes and records differ in length by a little from one session to the next.
  for (let octets = 0; octets < whole.octets; octets += octets < 40 ? 1 : 5) {
    const { accepted } = await session(at, octets, leave);
    if (accepted) told++;
  }
  const client = await Client.greeted(at.port('starttls'));
  await client.expect(221, 'QUIT');
  expect(await at.server.stop()).toBe(0);
  const messages = stored(at.maildir).map((file) => trace(file).message.toString());
  expect(messages.filter((message) => message !== DATA)).toEqual([]);
  expect(messages.length).toBeGreaterThanOrEqual(told);
  expect(names(at.maildir, 'tmp')).toEqual([]);
  // A handshake that was cut is a warning of its own; anything worse is not expected.
  expect(at.server.logged().match(/"level":"(?:error|fatal)"/g)).toBeNull();
});

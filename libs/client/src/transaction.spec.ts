/** A transaction before a server that speaks at the wrong time: nothing that was said too early is an answer to what comes later. */
import { SystemClock, scriptedPeer, testEnvelope, testRecipient, turn, type ScriptedPeer } from '@mailverb/testing';
import { createServer, type AddressInfo } from 'node:net';
import { PulledBody } from '@mailverb/body';
import { openConnection } from './open.js';
import { CLIENT_TIMEOUTS, type ClientSettings } from './settings.js';
import { ClientTransaction } from './transaction.js';

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

async function peerOf(options: Parameters<typeof scriptedPeer>[0]): Promise<ScriptedPeer> {
  const peer = await scriptedPeer(options);
  open.push(() => peer.close());
  return peer;
}

async function begun({ host, port }: { readonly host: string; readonly port: number }) {
  const settings: ClientSettings = {
    protocol: 'smtp',
    target: { host, port },
    name: 'mx.test.example',
    tls: { mode: 'none', verify: true },
    timeouts: CLIENT_TIMEOUTS,
    clock: new SystemClock(),
    chunking: false,
  };
  const connection = await openConnection(settings);
  open.push(() => connection.destroy());
  return { connection, transaction: new ClientTransaction(connection, testEnvelope(), settings) };
}

/** At the first turn at which it is so; there are turns enough for anything that comes over loopback. */
async function until(isSo: () => boolean): Promise<void> {
  for (let i = 0; i < 100_000 && !isSo(); i++) await turn();
}

/** More than is gathered, so that it goes out; then its end, when that is due. */
class Slow extends PulledBody {
  private sent = false;

  constructor(private readonly due: () => Promise<void>) {
    super();
  }

  override read() {
    if (this.sent) return this.due().then(() => undefined);
    this.sent = true;
    return Buffer.from('x\r\n'.repeat(40_000), 'latin1');
  }
}

describe('a server that answers before the end of the message', () => {
  it.each([
    ['250 2.0.0 kept', 451],
    ['552 5.3.4 too big', 552],
    ['421 4.3.2 going down', 421],
  ])('with %j: has not taken it', async (words, code) => {
    const peer = await peerOf({
      fault: { at: 'body', what: { instead: `${words}\r\n` }, times: 1 },
    });
    const { connection, transaction } = await begun(peer);
    await transaction.recipient(testRecipient('ann@example.org'));
    await expect(
      (async () => {
        await transaction.data(new Slow(() => until(() => connection.interruption !== undefined)));
        await transaction.end();
      })(),
    ).rejects.toMatchObject({ name: 'MessageRefused', reply: { code } });
    await transaction.abort();
    await peer.allClosed();
    expect(peer.messages).toEqual([]);
  });

  it('while the end of it is put off: has not taken it either', async () => {
    const peer = await peerOf({
      fault: { at: 'body', what: { instead: '250 2.0.0 kept\r\n' }, times: 1 },
    });
    const { connection, transaction } = await begun(peer);
    await transaction.recipient(testRecipient('ann@example.org'));
    await transaction.data(new Slow(() => Promise.resolve()));
    // Policies are asked between the two.
    await until(() => connection.interruption !== undefined);
    await expect(transaction.end()).rejects.toMatchObject({ name: 'MessageRefused', reply: { code: 451 } });
    await transaction.abort();
    await peer.allClosed();
    expect(peer.messages).toEqual([]);
  });
});

it('what MAIL was answered stands, also where the server goes before it has answered RCPT', async () => {
  const server = createServer((socket) => {
    socket.write('220 peer.test\r\n');
    socket
      .on('error', () => undefined)
      .on('data', (data) => {
        if (data.toString('latin1').startsWith('EHLO')) socket.write('250-peer.test\r\n250 PIPELINING\r\n');
        else socket.end('550 5.7.1 not you\r\n');
      });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  open.push(() => new Promise((closed) => server.close(closed)));
  const { port } = server.address() as AddressInfo;
  const { transaction } = await begun({ host: '127.0.0.1', port });
  expect(String(await transaction.recipient(testRecipient('ann@example.org')))).toBe('550 5.7.1 not you');
});

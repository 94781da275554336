/** The scripted peer: it speaks SMTP and LMTP as a plain client expects, keeps what it is given, and breaks where it is told to. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { makeCertificate } from '@mailverb/certificates';
import { within } from '../event-loop.js';
import { TestClient } from '../server/client.js';
import type { PeerFault, PeerOptions, PeerTls } from './peer-options.js';
import { scriptedPeer, type ScriptedPeer } from './scripted-peer.js';

const peers: ScriptedPeer[] = [];
const clients: Socket[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  for (const peer of peers.splice(0)) await peer.close();
});

async function peerWith(options: PeerOptions = {}): Promise<ScriptedPeer> {
  const peer = await scriptedPeer(options);
  peers.push(peer);
  return peer;
}

function clientOf(peer: ScriptedPeer): TestClient {
  const socket = connect(
    peer.options.path === undefined ? { host: peer.host, port: peer.port } : { path: peer.options.path },
  );
  clients.push(socket);
  return new TestClient(socket);
}

/** All that the peer sends, to the end of the connection, in answer to all of this at once. */
async function exchange(peer: ScriptedPeer, octets: string): Promise<string> {
  const socket = connect({ host: peer.host, port: peer.port });
  clients.push(socket);
  let heard = '';
  socket.on('data', (chunk: Buffer) => (heard += chunk.toString('latin1'))).on('error', () => undefined);
  socket.write(octets);
  await within(once(socket, 'close'), () => new Error(`the peer does not close; it said ${heard}`));
  return heard;
}

const HELLO = 'EHLO client.test\r\n';
const ENVELOPE = 'MAIL FROM:<a@test.example>\r\nRCPT TO:<b@test.example>\r\n';
const MESSAGE = `${ENVELOPE}DATA\r\n`;

async function untilData(peer: ScriptedPeer): Promise<TestClient> {
  const client = clientOf(peer);
  await client.untilData('a@test.example', 'b@test.example');
  return client;
}

describe('a scripted peer that goes along', () => {
  it('keeps a message exactly, and every line', async () => {
    const peer = await peerWith();
    const client = await untilData(peer);
    client.write(Buffer.from('..one\r\n.x\r\n\xe9\0\n.\n..\r\n.\r\n', 'latin1'));
    expect(await client.reply()).toEqual({ code: 250, lines: ['2.0.0 kept'] });
    expect(peer.messages).toMatchObject([
      { connection: 1, from: { path: 'a@test.example' }, to: [{ path: 'b@test.example', parameters: '' }], by: 'DATA' },
    ]);
    expect(peer.messages[0]?.text).toBe('.one\r\nx\r\n\xe9\0\n.\n..\r\n');
    expect(peer.violations).toEqual(['a bare CR or LF in the mail data']);
    expect(await client.command('QUIT')).toMatchObject({ code: 221 });
    await peer.allClosed();
    expect(peer.lines).toEqual([
      'EHLO client.example.net',
      'MAIL FROM:<a@test.example>',
      'RCPT TO:<b@test.example>',
      'DATA',
      'QUIT',
    ]);
    expect([peer.opened, peer.openNow]).toEqual([1, 0]);
  });

  it.each(['', 'x\r\n', '.\r\n', 'a'.repeat(200_000)])('keeps data however it is cut', async (text) => {
    const peer = await peerWith();
    const client = await untilData(peer);
    const stuffed = text === '' ? '.\r\n' : `${text.replace(/^\./, '..').replace(/([^\n])$/, '$1\r\n')}.\r\n`;
    const step = stuffed.length > 1000 ? 65_000 : 1;
    for (let i = 0; i < stuffed.length; i += step) {
      client.write(stuffed.slice(i, i + step));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await client.reply()).code).toBe(250);
    expect(peer.messages[0]?.text).toBe(text === '' || text.endsWith('\n') ? text : `${text}\r\n`);
  });

  it('takes chunks, and messages one after another', async () => {
    const peer = await peerWith({ keywords: ['PIPELINING', 'CHUNKING', 'DSN'] });
    const client = clientOf(peer);
    await client.reply();
    await client.commands('EHLO client.test', 'MAIL FROM:<> RET=HDRS', 'RCPT TO:<"a>b\\""@test.example> NOTIFY=NEVER');
    client.write('BDAT 4\r\n.\r\nxBDAT 2 LAST\r\n\r\n');
    expect((await client.reply()).code).toBe(250);
    expect((await client.reply()).code).toBe(250);
    expect(
      await client.commands('MAIL FROM:<a@test.example>', 'RCPT TO:<b@test.example>', 'RSET', 'DATA', 'NOOP'),
    ).toEqual([250, 250, 250, 503, 250]);
    expect(peer.messages).toMatchObject([
      {
        from: { path: '', parameters: 'RET=HDRS' },
        to: [{ path: '"a>b\\""@test.example', parameters: 'NOTIFY=NEVER' }],
        text: '.\r\nx\r\n',
        by: 'BDAT',
      },
    ]);
    expect(peer.violations).toEqual([]);
  });

  it('speaks LMTP, with an answer for each recipient', async () => {
    const peer = await peerWith({
      protocol: 'lmtp',
      replies: { final: (path) => (path === 'c@test.example' ? '452 4.2.2 full' : undefined) },
    });
    const client = clientOf(peer);
    const codes = await client.commands(
      'EHLO x',
      'LHLO x',
      'MAIL FROM:<>',
      'RCPT TO:<b@test.example>',
      'RCPT TO:<c@test.example>',
    );
    expect(codes).toEqual([220, 500, 250, 250, 250]);
    client.write('DATA\r\n');
    expect([(await client.reply()).code, (await client.reply()).code]).toEqual([250, 354]);
    client.write('.\r\n');
    expect([(await client.reply()).code, (await client.reply()).code]).toEqual([250, 452]);
    expect(peer.messages[0]?.to.map(({ path }) => path)).toEqual(['b@test.example']);
  });

  it('lets people log in, by PLAIN and LOGIN', async () => {
    const peer = await peerWith({ keywords: ['AUTH PLAIN LOGIN'], users: new Map([['ann', 'secret']]) });
    const client = clientOf(peer);
    await client.reply();
    await client.command('EHLO x');
    const plain = Buffer.from('\0ann\0wrong').toString('base64');
    expect((await client.command(`AUTH PLAIN ${plain}`)).code).toBe(535);
    expect(await client.command('AUTH LOGIN')).toEqual({ code: 334, lines: ['VXNlcm5hbWU6'] });
    expect((await client.command('YW5u')).code).toBe(334);
    expect((await client.command('c2VjcmV0')).code).toBe(235);
    expect(peer.logins.map(({ mechanism, password }) => [mechanism, password])).toEqual([
      ['PLAIN', 'wrong'],
      ['LOGIN', 'secret'],
    ]);
    expect(await client.commands('MAIL FROM:<>', 'RCPT TO:<b@test.example>', 'DATA', '.')).toEqual([
      250, 250, 354, 250,
    ]);
    expect(peer.messages[0]?.login).toBe('ann');
  });

  it.each([
    [
      'PROXY TCP4 192.0.2.1 192.0.2.2 1234 25\r\n',
      { version: 1, source: '192.0.2.1', sourcePort: 1234, destinationPort: 25 },
    ],
    ['PROXY UNKNOWN\r\n', { version: 1, source: undefined }],
    [
      '\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x01\xc0\0\x02\x02\x04\xd2\0\x19',
      { version: 2, source: '192.0.2.1', destination: '192.0.2.2', sourcePort: 1234, destinationPort: 25 },
    ],
    ['\r\n\r\n\0\r\nQUIT\n\x20\0\0\0', { version: 2, source: undefined }],
  ])('reads a PROXY header, and XCLIENT', async (header, expected) => {
    const peer = await peerWith({ proxy: true, keywords: ['XCLIENT ADDR'] });
    const client = clientOf(peer);
    client.write(Buffer.from(header, 'latin1'));
    expect((await client.reply()).code).toBe(220);
    const codes = await client.commands('EHLO x', 'XCLIENT ADDR=192.0.2.9', 'MAIL FROM:<>', 'EHLO x', 'MAIL FROM:<>');
    expect(codes).toEqual([250, 220, 503, 250, 250]);
    await client.commands('RCPT TO:<b@test.example>', 'DATA', '.');
    expect(peer.messages).toMatchObject([{ proxy: expected, xclient: 'ADDR=192.0.2.9' }]);
  });

  it('closes on whoever has no PROXY header', async () => {
    const peer = await peerWith({ proxy: true });
    expect(await exchange(peer, 'EHLO client.example.net\r\n')).toBe('');
    expect(peer.violations).toEqual(['no PROXY header']);
  });

  it('listens on a unix socket', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'peer-'));
    try {
      const peer = await peerWith({ path: join(folder, 's') });
      expect((await clientOf(peer).reply()).code).toBe(220);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('minds what may not be done', async () => {
    const peer = await peerWith({ keywords: ['SIZE'] });
    await exchange(peer, `${HELLO}MAIL FROM:<> BODY=8BITMIME\nNOOP\r\nhello\r\nQUIT\r\n`);
    expect(peer.violations).toEqual([
      'something was sent before the answer to EHLO',
      'a bare CR or LF in a command',
      'the parameter BODY, which is not offered',
      'something was sent before the answer to MAIL, and PIPELINING is not offered',
      'something was sent before the answer to NOOP',
      'a line that is no command',
      'something was sent before the answer to HELLO, and PIPELINING is not offered',
    ]);
  });
});

describe('TLS', () => {
  async function startTls(peer: ScriptedPeer): Promise<TLSSocket> {
    const client = clientOf(peer);
    await client.reply();
    await client.command('EHLO x');
    expect((await client.command('STARTTLS')).code).toBe(220);
    const [raw] = clients.slice(-1);
    const tls = connectTls({ socket: raw, ca: peer.ca, host: 'localhost', servername: 'localhost' });
    await within(once(tls, 'secureConnect'), () => new Error('no handshake'));
    return tls;
  }

  it('is spoken, and what was said before is forgotten', async () => {
    const peer = await peerWith({ keywords: ['STARTTLS', '8BITMIME'] });
    const client = new TestClient(await startTls(peer));
    expect((await client.command('MAIL FROM:<>')).code).toBe(503);
    expect(await client.command('EHLO x')).toEqual({ code: 250, lines: ['peer.test', '8BITMIME'] });
    await client.commands('MAIL FROM:<>', 'RCPT TO:<b@test.example>', 'DATA', '.');
    expect(peer.messages[0]?.encrypted).toBe(true);
    client.stream.destroy();
    await peer.allClosed();
  });

  it.each<[PeerTls, RegExp]>([
    ['untrusted', /self-signed|unable to (?:get|verify)/],
    ['other-name', /altnames|altNames/i],
    ['expired', /expired/],
    ['garbage', /wrong version number|packet length/],
  ])('is broken as %s', async (tls, error) => {
    const peer = await peerWith({ keywords: ['STARTTLS'], tls });
    await expect(startTls(peer)).rejects.toThrow(error);
  });

  it('has octets in clear before it, if told to', async () => {
    const peer = await peerWith({ keywords: ['STARTTLS'], tls: 'injected' });
    const client = clientOf(peer);
    await client.reply();
    await client.command('EHLO x');
    expect((await client.command('STARTTLS')).code).toBe(220);
    expect((await client.reply()).lines).toEqual(['injected', 'PIPELINING']);
  });

  it('may be there from the first octet, and ask for a certificate', async () => {
    const peer = await peerWith({ implicitTls: true, requestCertificate: true });
    const own = await makeCertificate({ commonName: 'ann' });
    const tls = connectTls({ host: peer.host, port: peer.port, ca: peer.ca, servername: 'localhost', ...own });
    clients.push(tls);
    const client = new TestClient(tls);
    expect((await client.reply()).code).toBe(220);
    await client.commands('EHLO x', 'MAIL FROM:<>', 'RCPT TO:<b@test.example>', 'DATA', '.');
    expect(peer.messages).toMatchObject([{ encrypted: true, certificate: 'ann' }]);
  });

  it('is reset in the middle, too', async () => {
    const peer = await peerWith({ keywords: ['STARTTLS'], fault: { at: 'mail', what: 'reset' } });
    const tls = await startTls(peer);
    const client = new TestClient(tls);
    const lost = once(tls, 'error');
    await client.command('EHLO x');
    client.send('MAIL FROM:<>');
    expect(await within(lost, () => new Error('no reset'))).toMatchObject([{ code: 'ECONNRESET' }]);
    await peer.allClosed();
  });
});

describe('faults', () => {
  const text = `${HELLO}${MESSAGE}`;

  it('refuses connections, and takes them again', async () => {
    const peer = await peerWith({ listening: false });
    const [error] = await once(connect({ host: peer.host, port: peer.port }), 'error');
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
    await peer.listen();
    expect((await clientOf(peer).reply()).code).toBe(220);
    await peer.refuse();
    expect(peer.openNow).toBe(1);
  });

  it.each<[PeerFault, string]>([
    [{ at: 'greeting', what: 'close' }, ''],
    [{ at: 'greeting', what: { instead: '421 4.3.2 no\r\n' } }, '421 4.3.2 no\r\n'],
    [{ at: 'hello', what: 'close' }, '220 peer.test ESMTP\r\n'],
    [{ at: { sent: 5 }, what: 'close' }, '220 p'],
    [{ at: { sent: 0 }, what: 'close' }, ''],
    [{ at: { received: 0 }, what: 'close' }, ''],
    [{ at: { received: 3 }, what: 'close' }, '220 peer.test ESMTP\r\n'],
    [{ at: { received: text.length }, what: 'close' }, expect.stringMatching(/354 go\r\n$/)],
    [
      { at: 'mail', what: { before: '250 x\r\n' }, times: 1 },
      expect.stringContaining('250 x\r\n250 2.1.0 ok\r\n250 2.1.5 ok\r\n354'),
    ],
    [
      { at: 'mail', what: { behind: '250 x\r\n' }, times: 1 },
      expect.stringContaining('250 2.1.0 ok\r\n250 x\r\n250 2.1.5 ok\r\n354'),
    ],
    [{ at: 'rcpt', what: { instead: 'what?\r\n' } }, expect.stringContaining('250 2.1.0 ok\r\nwhat?\r\n503')],
    [{ at: 'mail', what: 'bytewise' }, expect.stringContaining('250 2.1.0 ok\r\n250 2.1.5 ok\r\n354')],
    [{ at: 'mail', what: { pause: 5 } }, expect.stringContaining('250 2.1.0 ok\r\n250 2.1.5 ok\r\n354')],
    [{ at: 'mail', what: 'close', connection: 2 }, expect.stringContaining('354')],
  ])('%j', async (fault, heard) => {
    const peer = await peerWith({ fault, keywords: ['PIPELINING'] });
    const socket = connect({ host: peer.host, port: peer.port });
    clients.push(socket);
    let said = '';
    socket.on('data', (chunk: Buffer) => (said += chunk.toString('latin1'))).on('error', () => undefined);
    socket.end(text);
    await within(once(socket, 'close'), () => new Error(`the peer does not close; it said ${said}`));
    expect(said).toEqual(heard);
    await peer.allClosed();
  });

  it('resets', async () => {
    const peer = await peerWith({ fault: { at: 'data', what: 'reset' } });
    const client = clientOf(peer);
    const lost = once(client.stream, 'error');
    await client.commands('EHLO x', 'MAIL FROM:<>', 'RCPT TO:<b@test.example>');
    client.send('DATA');
    expect(await lost).toMatchObject([{ code: 'ECONNRESET' }]);
  });

  it('keeps a message and is gone before it says so, or is gone before it keeps it', async () => {
    const peer = await peerWith({ fault: { at: 'accepted', what: 'close' } });
    const client = await untilData(peer);
    client.send('.');
    expect(await client.ended()).toEqual([]);
    expect(peer.messages).toHaveLength(1);
    peer.fault = { at: 'final', what: 'close' };
    const other = await untilData(peer);
    other.send('.');
    expect(await other.ended()).toEqual([]);
    expect(peer.messages).toHaveLength(1);
  });

  it('says nothing any more, and sees that the client goes', async () => {
    const peer = await peerWith({ fault: { at: 'mail', what: 'stall' } });
    const client = clientOf(peer);
    await client.commands('EHLO x');
    client.send('MAIL FROM:<>');
    await client.reply();
    await expect(peer.allClosed(20)).rejects.toThrow('1 connections to the peer are left open');
    client.stream.destroy();
    await peer.allClosed();
  });

  it('does not read, until it is asked whether all is closed', async () => {
    const peer = await peerWith({ fault: { at: 'body', what: 'deaf' } });
    const client = await untilData(peer);
    client.write(Buffer.alloc(100));
    client.write(Buffer.alloc(20_000_000));
    client.stream.destroy();
    await peer.allClosed();
  });

  it.each(['endless-lines', 'endless-line'] as const)('has %s', async (what) => {
    const peer = await peerWith({ fault: { at: 'hello', what } });
    const client = clientOf(peer);
    client.send('EHLO x');
    let octets = 0;
    await new Promise<void>((resolve) => {
      client.stream.on('data', (chunk: Buffer) => {
        if ((octets += chunk.length) > 100_000) resolve();
      });
    });
    client.stream.destroy();
    await peer.allClosed();
  });

  it('closes between messages, with or without a word', async () => {
    const peer = await peerWith({ fault: { at: 'idle', what: { instead: '421 4.4.2 too long\r\n' }, times: 1 } });
    const client = await untilData(peer);
    client.send('.');
    expect((await client.reply()).code).toBe(250);
    expect(await client.ended()).toEqual(['421 4.4.2 too long']);
  });

  it('tells of a script that makes no sense', async () => {
    const peer = await scriptedPeer({
      replies: {
        mail: () => {
          throw new Error('a mistake');
        },
      },
    });
    const client = clientOf(peer);
    await client.commands('EHLO x');
    client.send('MAIL FROM:<>');
    await client.reply();
    expect(await client.ended()).toEqual([]);
    await expect(peer.close()).rejects.toThrow('a mistake');
  });
});

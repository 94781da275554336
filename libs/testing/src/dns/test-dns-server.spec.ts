import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { connect } from 'node:net';
import { encode } from 'dns-packet';
import { TestDnsServer } from './test-dns-server.js';

let server: TestDnsServer;
let resolver: Resolver;

beforeEach(async () => {
  server = await TestDnsServer.start({
    'example.org': {
      A: ['192.0.2.1', '192.0.2.2'],
      MX: [[10, 'mx.example.org']],
      TXT: ['one', ['t', 'wo']],
      ttl: 7,
    },
    'www.example.org': { CNAME: 'example.org' },
    'deep.below.example.org': { AAAA: ['2001:db8::1'] },
    '*.wild.example': { A: ['127.0.0.2'] },
    'loop.example': { CNAME: 'loop.example' },
    'astray.example': { CNAME: 'nowhere.example' },
    'null.example': { MX: [[0, '.']] },
    'broken.example': 'SERVFAIL',
    'half.example': { A: ['192.0.2.3'], AAAA: 'SERVFAIL' },
    'refused.example': 'REFUSED',
    'garbage.example': 'garbage',
    'silent.example': 'silence',
    'other.example': 'wrong-id',
    'long.example': { TXT: Array.from({ length: 40 }, (_, i) => `${i}`.padEnd(200, '.')) },
    'wide.example': { TXT: [`${'ä'.repeat(200)}`, ''] },
    'cut.example': { A: ['192.0.2.4'], truncated: true },
    '1.2.0.192.in-addr.arpa': { PTR: ['host.example.org'] },
  });
  resolver = new Resolver({ timeout: 2000, tries: 1 });
  resolver.setServers([server.address]);
});

afterEach(async () => {
  resolver.cancel();
  await server.stop();
});

describe('TestDnsServer', () => {
  it('answers what its table says', async () => {
    expect(await resolver.resolve4('example.org', { ttl: true })).toEqual([
      { address: '192.0.2.1', ttl: 7 },
      { address: '192.0.2.2', ttl: 7 },
    ]);
    expect(await resolver.resolve4('EXAMPLE.org')).toHaveLength(2);
    expect(await resolver.resolveMx('example.org')).toEqual([{ priority: 10, exchange: 'mx.example.org' }]);
    expect(await resolver.resolveMx('null.example')).toEqual([{ priority: 0, exchange: '' }]);
    expect(await resolver.resolveTxt('example.org')).toEqual([['one'], ['t', 'wo']]);
    const [wide, empty] = await resolver.resolveTxt('wide.example');
    expect(wide?.map((part) => part.length)).toEqual([255, 145]);
    expect(empty).toEqual(['']);
    expect(await resolver.resolve6('deep.below.example.org')).toEqual(['2001:db8::1']);
    expect(await resolver.resolvePtr('1.2.0.192.in-addr.arpa')).toEqual(['host.example.org']);
    expect(await resolver.resolve4('anything.wild.example')).toEqual(['127.0.0.2']);
  });

  it('follows aliases, and ends where they go round', async () => {
    expect(await resolver.resolve4('www.example.org')).toHaveLength(2);
    await expect(resolver.resolve4('astray.example')).rejects.toMatchObject({ code: 'ENOTFOUND' });
    expect(await resolver.resolve4('loop.example')).toEqual([]);
  });

  it.each([
    ['example.org', 'AAAA', 'ENODATA'],
    ['below.example.org', 'A', 'ENODATA'],
    ['nowhere.example', 'A', 'ENOTFOUND'],
    ['wild.example', 'A', 'ENODATA'],
    ['broken.example', 'A', 'ESERVFAIL'],
    ['half.example', 'AAAA', 'ESERVFAIL'],
    ['refused.example', 'A', 'EREFUSED'],
    ['garbage.example', 'A', 'EBADRESP'],
  ])('%s %s: %s', async (name, type, code) => {
    await expect(resolver.resolve(name, type)).rejects.toMatchObject({ code });
  });

  it('answers over TCP what is too long for UDP, or is to be cut off', async () => {
    expect(await resolver.resolveTxt('long.example')).toHaveLength(40);
    expect(await resolver.resolve4('cut.example')).toEqual(['192.0.2.4']);
    expect(server.queries).toEqual([
      { name: 'long.example', type: 'TXT', transport: 'udp' },
      { name: 'long.example', type: 'TXT', transport: 'tcp' },
      { name: 'cut.example', type: 'A', transport: 'udp' },
      { name: 'cut.example', type: 'A', transport: 'tcp' },
    ]);
  });

  it('is silent, or answers something else, where it should', async () => {
    const ids: number[] = [];
    const socket = createSocket('udp4');
    const ask = (id: number, name: string) =>
      socket.send(
        encode({ type: 'query', id, questions: [{ type: 'A', name }] }),
        Number(server.address.split(':')[1]),
        '127.0.0.1',
      );
    const last = new Promise<void>((resolve) => {
      socket.on('message', (message) => {
        ids.push(message.readUInt16BE(0));
        if (ids.at(-1) === 30) resolve();
      });
    });
    ask(10, 'silent.example');
    ask(20, 'other.example');
    ask(30, 'example.org');
    await last;
    socket.close();
    expect(ids).toEqual([21, 30]);
  });

  it('counts, and tells when as many have come', async () => {
    const asked = server.asked(3);
    await Promise.all([
      resolver.resolve4('example.org'),
      resolver.resolveMx('example.org'),
      resolver.resolve4('a.wild.example'),
    ]);
    await asked;
    expect(server.count()).toBe(3);
    expect(server.count('Example.org')).toBe(2);
    expect(server.count('example.org', 'MX')).toBe(1);
    expect(server.count('other.example')).toBe(0);
  });

  it('answers late what is held', async () => {
    server.hold();
    let answered = false;
    const answer = resolver.resolve4('example.org').then((addresses) => {
      answered = true;
      return addresses;
    });
    await server.asked(1);
    expect(answered).toBe(false);
    server.release();
    expect(await answer).toHaveLength(2);
    expect(await resolver.resolve4('example.org')).toHaveLength(2);
  });

  it('can be told otherwise later', async () => {
    server.set('New.example', { A: ['192.0.2.9'] });
    expect(await resolver.resolve4('new.example')).toEqual(['192.0.2.9']);
    server.set('new.example', 'SERVFAIL');
    await expect(resolver.resolve4('new.example')).rejects.toMatchObject({ code: 'ESERVFAIL' });
    server.delete('NEW.example');
    await expect(resolver.resolve4('new.example')).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });

  it('takes no harm from what is no question, and leaves nothing open', async () => {
    const port = Number(server.address.split(':')[1]);
    const tcp = connect(port, '127.0.0.1');
    await new Promise((resolve) => {
      tcp.write(Buffer.from([0, 3, 1, 2, 3, 0, 0, 0xff]), resolve);
    });
    const udp = createSocket('udp4');
    await new Promise((resolve) => {
      udp.send(Buffer.from('no question'), port, '127.0.0.1', resolve);
    });
    udp.close();
    expect(await resolver.resolve4('example.org')).toHaveLength(2);
    const closed = new Promise((resolve) => {
      tcp.on('error', () => undefined);
      tcp.on('close', resolve);
      tcp.resume();
    });
    await server.stop();
    await closed;
  });
});

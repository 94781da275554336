/** TLS of a listener: STARTTLS and implicit, what is forgotten, who is believed, and every way in which a handshake fails (attacks A4, A25). */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, connect as dial, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { connect as secure, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { accept, slot, type Policy, type Session, type SessionRecord, type Verb } from '@mailverb/contract';
import { PHASE_TABLE, reply } from '@mailverb/protocol';
import { makeCertificate, type MadeCertificate } from '@mailverb/certificates';
import { ManualClock, settle } from '../fixtures/clock.fixture.js';
import { Scene, silent, type SceneOptions } from '../fixtures/scene.fixture.js';
import { simple } from '../fixtures/verbs.fixture.js';
import type { TlsPlan } from '../host/plan.js';
import { SocketEndpoint } from '../listener/endpoint.js';
import { Credentials, CredentialsError } from './credentials.js';
import type { TlsSettings } from './secured.js';

const folder = mkdtempSync(join(tmpdir(), 'mailverb-tls-'));
let authority: MadeCertificate;
let stranger: MadeCertificate;
const certs = new Map<string, MadeCertificate>();

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

async function certificate(name: string, options: Parameters<typeof makeCertificate>[0]): Promise<void> {
  const made = await makeCertificate(options);
  certs.set(name, made);
  file(`${name}.cert`, made.cert);
  file(`${name}.key`, made.key);
}

beforeAll(async () => {
  authority = await makeCertificate({ commonName: 'spec authority', names: ['ca.example'], authority: true });
  stranger = await makeCertificate({ commonName: 'another authority', names: ['ca.example'], authority: true });
  file('ca.cert', authority.cert);
  await certificate('default', { names: ['mx.example.org'], signedBy: authority });
  await certificate('other', { names: ['other.example', '*.wild.example'], signedBy: authority });
  await certificate('ann', {
    commonName: 'ann',
    names: ['ann.example'],
    emails: ['ann@example.org'],
    signedBy: authority,
  });
  await certificate('eve', { commonName: 'eve', names: ['eve.example'], signedBy: stranger });
  await certificate('late', {
    commonName: 'late',
    names: ['late.example'],
    signedBy: authority,
    from: Date.now() - 5 * 86_400_000,
    days: 2,
  });
});
afterAll(() => rmSync(folder, { recursive: true }));

const pair = (name: string) => ({ cert: join(folder, `${name}.cert`), key: join(folder, `${name}.key`) });

function settings(mode: TlsPlan['mode'], more: Partial<TlsPlan> = {}): TlsSettings {
  const plan: TlsPlan = { mode, certificates: [pair('default'), pair('other')], ...more };
  return { mode, clientCertificates: plan.clientCertificates ?? 'none', credentials: new Credentials(plan, 'spec') };
}

const starttls = simple('STARTTLS', () => ({ reply: reply(220, '2.0.0', 'go'), effect: { type: 'upgrade' } }), {
  phases: PHASE_TABLE.STARTTLS.phases,
});
const strict: Verb = { ...starttls, endsBatch: true };

/** A server on a loopback port that serves sessions of a scene. */
class Place {
  readonly scene: Scene;
  private readonly server: Server;
  private readonly sockets: Socket[] = [];

  constructor(options: SceneOptions) {
    this.scene = new Scene({ verbs: [starttls, who, log], ...options });
    this.server = createServer({ allowHalfOpen: true }, (socket) => {
      this.sockets.push(socket);
      this.scene.listener.accept(socket, new SocketEndpoint(socket));
    });
  }

  async dial(): Promise<Socket> {
    if (!this.server.listening) {
      this.server.listen(0, '127.0.0.1');
      await once(this.server, 'listening');
    }
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const socket = dial(address.port, '127.0.0.1');
    socket.on('error', () => {});
    this.sockets.push(socket);
    return socket;
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    this.scene.listener.destroy();
  }

  record(): SessionRecord | undefined {
    return this.scene.eventsOf('sessionClosed')[0]?.[1] as SessionRecord | undefined;
  }
}

const places: Place[] = [];
function place(options: SceneOptions): Place {
  const made = new Place(options);
  places.push(made);
  return made;
}
afterEach(() => {
  for (const one of places.splice(0)) one.close();
});

/** Says who the session thinks the client is. */
const noted = slot<string>('noted', 'connection');
const keptSlot = slot<string>('kept', 'connection', { survivesTls: true });
const who = simple('WHO', () => ({ reply: reply(250, '2.0.0', 'ok') }), {
  perform: (_params, session) => ({ reply: reply(250, '2.0.0', describeSession(session)) }),
});
const log = simple('LOGIN', () => ({
  reply: reply(250, '2.0.0', 'ok'),
  effect: { type: 'identify', identity: { name: 'ann', mechanism: 'SPEC' } },
}));

function describeSession(session: Session): string {
  const { tls, identity, heloName, phase } = session;
  return JSON.stringify({
    phase,
    helo: heloName,
    identity: identity?.name,
    tls: tls && { version: tls.version, serverName: tls.serverName, client: tls.clientCertificate?.commonName },
    noted: session.get(noted),
    kept: session.get(keptSlot),
    notes: session.annotations.map(({ key }) => key),
  });
}

/** One reply (of one line) for each of `lines`, said one after another. */
async function talk(socket: Socket, ...lines: readonly string[]): Promise<string[]> {
  const replies: string[] = [];
  for (const line of lines) {
    if (line !== '') socket.write(`${line}\r\n`);
    replies.push(await hear(socket));
  }
  return replies;
}

async function hear(socket: Socket): Promise<string> {
  let text = '';
  while (!text.endsWith('\r\n')) {
    const chunk: Buffer | undefined = await Promise.race([
      once(socket, 'data').then(
        ([data]) => data as Buffer,
        () => closed(socket),
      ),
      closed(socket),
    ]);
    if (chunk === undefined) return `${text}closed`;
    text += chunk.toString();
  }
  return text.trimEnd();
}

async function closed(socket: Socket): Promise<undefined> {
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
  return undefined;
}

async function handshake(socket: Socket, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const tls = secure({ socket, servername: 'mx.example.org', ca: authority.cert, ...options });
  tls.on('error', () => {});
  await Promise.race([once(tls, 'secureConnect'), closed(tls)]).catch(() => closed(tls));
  return tls;
}

const whoIs = async (socket: Socket): Promise<Record<string, unknown>> =>
  JSON.parse((await talk(socket, 'WHO'))[0]?.replace(/^250 2\.0\.0 /, '') ?? '{}') as Record<string, unknown>;

const remembering: Policy = {
  connect: ({ session }) => {
    session.set(noted, 'from connect');
    return { kind: 'pass', annotate: { address: 'seen' } };
  },
  helo: ({ session }) => {
    session.set(noted, 'from helo');
    session.set(keptSlot, 'kept');
    return { kind: 'pass', annotate: { name: 'seen' } };
  },
  rcpt: () => accept(),
};

describe('STARTTLS', () => {
  it('begins a session that knows nothing of what was said in clear', async () => {
    const one = place({ tls: settings('starttls'), policy: remembering });
    const plain = await one.dial();
    await talk(plain, '', 'EHLO client', 'LOGIN', 'STARTTLS');
    const tls = await handshake(plain);
    expect(tls.authorized).toBe(true);
    expect(await whoIs(tls)).toEqual({
      phase: 'connected',
      tls: { version: 'TLSv1.3', serverName: 'mx.example.org' },
      kept: 'kept',
      notes: ['address'],
    });
    expect(await talk(tls, 'MAIL FROM:<a@example.org>', 'EHLO client', 'MAIL FROM:<a@example.org>')).toEqual([
      expect.stringMatching(/^503/),
      '250 hello',
      '250 2.0.0 ok',
    ]);
    expect(one.scene.eventsOf('secured')).toHaveLength(1);
  });

  it('carries a message', async () => {
    const one = place({ tls: settings('starttls') });
    const plain = await one.dial();
    await talk(plain, '', 'EHLO client', 'STARTTLS');
    const tls = await handshake(plain);
    const body = 'x'.repeat(200_000);
    await talk(tls, 'EHLO client', 'MAIL FROM:<a@example.org>', 'RCPT TO:<b@example.org>', 'DATA');
    expect(await talk(tls, `${body}\r\n.`)).toEqual([expect.stringMatching(/^250/)]);
    expect(one.scene.delivery.messages).toEqual([`${body}\r\n`]);
  });

  it('executes nothing that came in the same packet (CVE-2011-0411)', async () => {
    const one = place({ tls: settings('starttls') });
    const plain = await one.dial();
    await talk(plain, '', 'EHLO client');
    plain.write('STARTTLS\r\nLOGIN\r\nMAIL FROM:<evil@example.org>\r\n');
    expect(await hear(plain)).toBe('220 2.0.0 go');
    const tls = await handshake(plain);
    expect(await whoIs(tls)).toMatchObject({ phase: 'connected' });
    expect((await whoIs(tls))['identity']).toBeUndefined();
    expect(one.scene.eventsOf('commandReceived').map(([, line]) => line)).toEqual([
      'EHLO client',
      'STARTTLS',
      'WHO',
      'WHO',
    ]);
    expect(one.scene.eventsOf('limitReached').map(([, limit]) => limit)).toEqual(['pipelining']);
  });

  it('ends the session of whoever pipelines behind it, if the verb says so', async () => {
    const one = place({ tls: settings('starttls'), verbs: [strict] });
    const plain = await one.dial();
    await talk(plain, '', 'EHLO client');
    plain.write('STARTTLS\r\nLOGIN\r\n');
    expect(await hear(plain)).toMatch(/^554 /);
    expect(await hear(plain)).toBe('closed');
    expect(one.scene.eventsOf('secured')).toEqual([]);
  });

  it('executes nothing that comes in a later packet in clear', async () => {
    const one = place({ tls: settings('starttls') });
    const plain = await one.dial();
    await talk(plain, '', 'EHLO client', 'STARTTLS');
    plain.write('LOGIN\r\nMAIL FROM:<evil@example.org>\r\n');
    await once(plain, 'close');
    await settle();
    expect(one.scene.eventsOf('commandReceived')).toHaveLength(2);
    expect(one.record()?.cause).toBe('tls');
  });

  it('is given up when the handshake does not end in time', async () => {
    const one = place({ tls: settings('starttls'), timeouts: { handshake: '10s' } });
    const plain = await one.dial();
    await talk(plain, '', 'EHLO client', 'STARTTLS');
    await settle();
    await one.scene.clock.pass(9_000);
    expect(one.scene.listener.connections.size).toBe(1);
    await one.scene.clock.pass(2_000);
    await settle();
    expect(one.record()?.cause).toBe('tls');
    expect(one.scene.eventsOf('limitReached').map(([, limit]) => limit)).toEqual(['timeouts.handshake']);
    expect(one.scene.listener.connections.size).toBe(0);
  });

  it.each(['end', 'resetAndDestroy'] as const)(
    'is over when the client leaves in the handshake (%s)',
    async (leave) => {
      const one = place({ tls: settings('starttls') });
      const plain = await one.dial();
      await talk(plain, '', 'EHLO client', 'STARTTLS');
      plain[leave]();
      while (one.scene.listener.connections.size > 0) await settle();
      expect(one.record()?.cause).toBe('tls');
    },
  );
});

describe('implicit TLS', () => {
  it('greets within TLS', async () => {
    const one = place({ tls: settings('implicit') });
    const tls = await handshake(await one.dial());
    expect(await talk(tls, '', 'EHLO client')).toEqual(['220 mx.example.org', '250 hello']);
    expect(await whoIs(tls)).toMatchObject({ tls: { version: 'TLSv1.3' } });
  });

  it('says nothing in clear, not even to one too many', async () => {
    const one = place({ tls: settings('implicit'), limits: { connections: 1 } });
    const first = await one.dial();
    first.write('EHLO client\r\n');
    const clear = await hear(first);
    expect(clear).not.toMatch(/[0-9]{3} /);
    await settle();
    await handshake(await one.dial());
    expect(await hear(await one.dial())).toBe('closed');
  });

  it('asks the policies of stage connect, whatever time they take, once', async () => {
    let asked = 0;
    const policy: Policy = {
      connect: async () => {
        asked += 1;
        await settle();
        return { kind: 'pass' };
      },
    };
    const one = place({ tls: settings('implicit'), policy });
    const tls = await handshake(await one.dial());
    tls.write('EHLO client\r\n');
    let heard = await hear(tls);
    if (!heard.endsWith('hello')) heard += `\r\n${await hear(tls)}`;
    expect(heard).toBe('220 mx.example.org\r\n250 hello');
    expect(asked).toBe(1);
  });

  it('drains', async () => {
    const one = place({ tls: settings('implicit') });
    const tls = await handshake(await one.dial());
    await talk(tls, '', 'EHLO client');
    void one.scene.listener.drain();
    expect(await hear(tls)).toMatch(/^421 4\.3\.2/);
  });
});

describe('versions and ciphers', () => {
  it.each([
    ['TLSv1', undefined],
    ['TLSv1.1', undefined],
    ['TLSv1.2', 'TLSv1.2'],
    ['TLSv1.3', 'TLSv1.3'],
  ] as const)('of a client that speaks %s', async (version, expected) => {
    const one = place({ tls: settings('implicit') });
    const ciphers = 'DEFAULT@SECLEVEL=0';
    const tls = await handshake(await one.dial(), { minVersion: version, maxVersion: version, ciphers });
    expect(tls.destroyed ? undefined : tls.getProtocol()).toBe(expected);
  });

  it('have forward secrecy and authenticated encryption', async () => {
    const one = place({ tls: settings('implicit') });
    const weak = 'AES128-SHA:ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA384:AES256-GCM-SHA384';
    const tls = await handshake(await one.dial(), { maxVersion: 'TLSv1.2', ciphers: weak });
    expect(tls.destroyed).toBe(true);
  });

  it('may be less wide', async () => {
    const one = place({ tls: settings('implicit', { minimumVersion: 'TLSv1.3' }) });
    const tls = await handshake(await one.dial(), { maxVersion: 'TLSv1.2' });
    expect(tls.destroyed).toBe(true);
  });
});

describe('certificates by SNI', () => {
  const cases: readonly (readonly [asked: string, got: string])[] = [
    ['mx.example.org', 'mx.example.org'],
    ['other.example', 'other.example'],
    ['OTHER.example', 'other.example'],
    ['a.wild.example', 'other.example'],
    ['a.b.wild.example', 'mx.example.org'],
    ['wild.example', 'mx.example.org'],
    ['nobody.example', 'mx.example.org'],
    ['', 'mx.example.org'],
  ];
  it.each(cases)('for %j it is that of %s', async (servername, expected) => {
    const one = place({ tls: settings('implicit') });
    const tls = await handshake(await one.dial(), { servername, rejectUnauthorized: false });
    expect(tls.getPeerCertificate().subject.CN).toBe(expected);
  });
});

describe('client certificates', () => {
  const ask = (clientCertificates: 'request' | 'require') =>
    place({ tls: settings('implicit', { clientCertificates, clientAuthorities: join(folder, 'ca.cert') }) });
  const client = (name: string) => ({ cert: certs.get(name)?.cert, key: certs.get(name)?.key });

  it('are facts where they can be verified', async () => {
    const one = ask('request');
    const tls = await handshake(await one.dial(), client('ann'));
    await talk(tls, '');
    expect(await whoIs(tls)).toMatchObject({ tls: { client: 'ann' } });
    const [session] = one.scene.eventsOf('secured')[0] as [Session];
    expect(session.tls?.clientCertificate).toEqual({
      subject: 'CN=ann',
      commonName: 'ann',
      emails: ['ann@example.org'],
      hosts: ['ann.example'],
      fingerprint: expect.stringMatching(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/),
    });
  });

  it.each(['eve', 'late'])('of %s are none, where they are only asked for', async (name) => {
    const one = ask('request');
    const tls = await handshake(await one.dial(), client(name));
    await talk(tls, '');
    expect((await whoIs(tls))['tls']).toEqual({ version: 'TLSv1.3', serverName: 'mx.example.org' });
  });

  it.each(['eve', 'late', 'nobody'])('of %s open no session, where they are demanded', async (name) => {
    const one = ask('require');
    const tls = await handshake(await one.dial(), name === 'nobody' ? {} : client(name));
    expect(await hear(tls)).toBe('closed');
    while (one.scene.listener.connections.size > 0) await settle();
    expect(one.record()?.cause).toBe('tls');
    expect(one.scene.eventsOf('replySent')).toEqual([]);
  });

  it('that are demanded open a session if they are good', async () => {
    const tls = await handshake(await ask('require').dial(), client('ann'));
    expect(await talk(tls, '')).toEqual(['220 mx.example.org']);
  });
});

describe('channel binding', () => {
  it('is the same at both ends (RFC 9266)', async () => {
    const one = place({ tls: settings('implicit') });
    const tls = await handshake(await one.dial());
    await talk(tls, '');
    const [session] = one.scene.eventsOf('secured')[0] as [Session];
    const theirs = tls.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0));
    expect(Buffer.from(session.tls?.channelBinding('tls-exporter') ?? []).equals(theirs)).toBe(true);
  });

  it('is not exported before TLS 1.3', async () => {
    const one = place({ tls: settings('implicit') });
    const tls = await handshake(await one.dial(), { maxVersion: 'TLSv1.2' });
    await talk(tls, '');
    const [session] = one.scene.eventsOf('secured')[0] as [Session];
    expect(session.tls?.channelBinding('tls-exporter')).toBeUndefined();
    expect(session.tls?.channelBinding('tls-server-end-point')).toHaveLength(32);
  });
});

describe('Credentials', () => {
  const broken = (plan: Partial<TlsPlan>): CredentialsError => {
    try {
      void new Credentials({ mode: 'starttls', certificates: [pair('default')], ...plan }, 'spec');
    } catch (error) {
      if (error instanceof CredentialsError) return error;
    }
    throw new Error('it was no CredentialsError');
  };

  it('say which file can not be used, and why', () => {
    const { cert, key } = pair('default');
    const rows: readonly [Partial<TlsPlan>, string, string][] = [
      [{ certificates: [{ cert: join(folder, 'none'), key }] }, 'certificates.0.cert', 'there is no such file'],
      [{ certificates: [{ cert, key: folder }] }, 'certificates.0.key', 'it is a folder'],
      [{ certificates: [{ cert: key, key }] }, 'certificates.0.cert', 'no certificate in PEM form'],
      [{ certificates: [{ cert, key: pair('other').key }] }, 'certificates.0.key', 'does not belong'],
      [{ certificates: [{ cert, key: cert }] }, 'certificates.0.key', 'can not be used'],
      [{ ciphers: 'NO-SUCH-CIPHER' }, 'ciphers', 'no such ciphers'],
      [{ certificates: [] }, 'certificates', 'expected a certificate'],
      [{ clientAuthorities: join(folder, 'none') }, 'clientAuthorities', 'there is no such file'],
    ];
    for (const [plan, keys, message] of rows) {
      const error = broken(plan);
      expect([error.keys.join('.'), error.message]).toEqual([keys, expect.stringContaining(message)]);
    }
  });

  it('are read again when their files change, and stay if they can not be', async () => {
    const clock = new ManualClock();
    const said: string[] = [];
    const logger = {
      ...silent,
      info: (_fields: unknown, message: string) => void said.push(message),
      error: (_fields: unknown, message: string) => void said.push(message),
    };
    const [cert, key] = [
      file('moving.cert', certs.get('default')?.cert ?? ''),
      file('moving.key', certs.get('default')?.key ?? ''),
    ];
    const credentials = new Credentials(
      { mode: 'starttls', certificates: [{ cert, key }], reloadInterval: 5000 },
      'spec',
    );
    const first = credentials.contextFor(undefined);
    credentials.watch(clock, logger);
    await clock.pass(5000);
    expect(credentials.contextFor(undefined)).toBe(first);
    // The certificate alone does not fit the key yet.
    renameSync(file('new.cert', certs.get('other')?.cert ?? ''), cert);
    await clock.pass(5000);
    expect(credentials.contextFor(undefined)).toBe(first);
    renameSync(file('new.key', certs.get('other')?.key ?? ''), key);
    await clock.pass(5000);
    expect(credentials.contextFor(undefined)).not.toBe(first);
    expect(said).toEqual([
      'certificates have changed and can not be used: the old ones stay',
      'certificates have changed and were read again',
    ]);
    credentials.unwatch();
    expect(clock.pending).toBe(0);
  });
});

it('a client that wants to begin anew within TLS 1.2 is refused (attack A25)', async () => {
  const one = place({ tls: settings('implicit') });
  const tls = await handshake(await one.dial(), { maxVersion: 'TLSv1.2' });
  await talk(tls, '');
  const refused = new Promise<boolean>((resolve) => {
    tls.renegotiate({}, (error) => resolve(error !== null));
    tls.on('error', () => resolve(true));
    tls.on('close', () => resolve(true));
  });
  expect(await refused).toBe(true);
});

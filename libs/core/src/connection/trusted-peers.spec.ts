/** Whoever speaks for others: XCLIENT, XFORWARD, and questions that come up within a verb (attacks A4, A16). */
import {
  accept,
  pass,
  reject,
  slot,
  type Policy,
  type RepresentedClient,
  type Session,
  type Verb,
} from '@mailverb/contract';
import { PHASE_TABLE, reply } from '@mailverb/protocol';
import { settle } from '../fixtures/clock.fixture.js';
import { codeOf } from '../fixtures/peer.fixture.js';
import { Scene, type SceneOptions } from '../fixtures/scene.fixture.js';
import { simple } from '../fixtures/verbs.fixture.js';

const noted = slot<string>('noted', 'connection');

/** `XCLIENT {"address":"…"}`: what it presents is written as JSON. */
const xclient: Verb = {
  name: 'XCLIENT',
  ...PHASE_TABLE.XCLIENT,
  available: ({ trustedPeer }) => trustedPeer,
  parse: (args) => args,
  perform: (args) => ({
    reply: reply(220, undefined, 'again'),
    effect: { type: 'become', client: presented(String(args)) },
  }),
};
/** What is null there is unknown. */
function presented(text: string): RepresentedClient {
  const written = JSON.parse(text) as Record<string, string | number | null>;
  return Object.fromEntries(Object.entries(written).map(([key, value]) => [key, value ?? undefined]));
}
const xforward: Verb = {
  name: 'XFORWARD',
  ...PHASE_TABLE.XFORWARD,
  parse: (args) => args,
  perform: (args) => ({
    reply: reply(250, '2.0.0', 'ok'),
    effect: { type: 'forwarded', client: { ident: String(args) } },
  }),
};
const who = simple('WHO', () => ({ reply: reply(250, '2.0.0', 'ok') }), {
  perform: (_params, session) => ({ reply: reply(250, '2.0.0', JSON.stringify(factsOf(session))) }),
});

function factsOf(session: Session) {
  const { remoteAddress, remotePort, remoteName, heloName, extended, identity, phase, forwarded } = session;
  return {
    remoteAddress,
    remotePort,
    remoteName,
    heloName,
    extended,
    identity: identity?.name,
    phase,
    ident: forwarded?.ident,
    noted: session.get(noted),
    notes: session.annotations.map(({ key, value }) => `${key}=${value}`),
  };
}

const scene = (options: SceneOptions = {}) =>
  new Scene({ verbs: [xclient, xforward, who], trustedPeers: ['192.0.2.0/25'], ...options });

const facts = async (peer: ReturnType<Scene['connect']>) => {
  const [line = ''] = await peer.send('WHO\r\n');
  return JSON.parse(line.slice('250 2.0.0 '.length)) as Record<string, unknown>;
};
const present = (client: RepresentedClient | Record<string, null | number>) => `XCLIENT ${JSON.stringify(client)}\r\n`;

describe('A trusted peer', () => {
  it('presents a client, and what was known of the peer is forgotten', async () => {
    const asked: string[] = [];
    const policy: Policy = {
      connect: ({ session }) => {
        asked.push(session.remoteAddress);
        return pass({ address: session.remoteAddress });
      },
      helo: ({ session }) => {
        session.set(noted, 'helo');
        return pass({ helo: 'seen' });
      },
    };
    const peer = scene({ policy }).connect('192.0.2.7');
    await peer.codes('EHLO proxy');
    expect(
      await peer.send(present({ address: '198.51.100.9', port: 99, name: 'client.example', login: 'ann', helo: 'c' })),
    ).toEqual(['220 again']);
    expect(await facts(peer)).toEqual({
      remoteAddress: '198.51.100.9',
      remotePort: 99,
      remoteName: 'client.example',
      heloName: 'c',
      extended: true,
      identity: 'ann',
      phase: 'connected',
      notes: ['address=198.51.100.9'],
    });
    expect(asked).toEqual(['192.0.2.7', '198.51.100.9']);
  });

  it('may do so again, and what is not said stays', async () => {
    const peer = scene().connect('192.0.2.7');
    await peer.send(present({ address: '198.51.100.9', name: 'client.example', login: 'ann' }));
    await peer.send(present({ port: 5, name: null, login: null }));
    expect(await facts(peer)).toMatchObject({ remoteAddress: '198.51.100.9', remotePort: 5 });
    expect(await facts(peer)).not.toHaveProperty('remoteName');
    expect(await facts(peer)).not.toHaveProperty('identity');
  });

  it('hears what the policies say of whom it presents', async () => {
    const policy: Policy = {
      connect: async ({ session: { remoteAddress } }) => {
        await settle(1);
        return remoteAddress.startsWith('198.') ? reject(reply(554, '5.7.1', 'not you')) : pass();
      },
    };
    const peer = scene({ policy }).connect('192.0.2.7');
    await peer.hears();
    expect(await peer.send(present({ address: '198.51.100.9' }))).toEqual(['554 5.7.1 not you']);
    expect(peer.ended).toBe(true);
  });

  it('is the only one for whom the verb exists (attack A16)', async () => {
    const peer = scene().connect('198.51.100.1');
    await peer.heard();
    expect((await peer.send(present({ address: '192.0.2.7' }))).map(codeOf)).toEqual([500]);
    expect(await facts(peer)).toMatchObject({ remoteAddress: '198.51.100.1' });
  });

  it('is not made of a client by what is presented', async () => {
    const peer = scene().connect('192.0.2.7');
    await peer.send(present({ address: '198.51.100.9' }));
    expect(await peer.send(present({ address: '198.51.100.10' }))).toEqual(['220 again']);
    const stranger = scene().connect('198.51.100.9');
    await stranger.heard();
    expect((await stranger.send(present({ address: '192.0.2.7' }))).map(codeOf)).toEqual([500]);
  });

  it('says where a message comes from, until the message is over', async () => {
    const one = scene();
    const peer = one.connect('192.0.2.7');
    await peer.codes('EHLO proxy', 'XFORWARD abc', 'MAIL FROM:<a@example.org>', 'RCPT TO:<b@example.org>');
    expect(await facts(peer)).toMatchObject({ ident: 'abc', phase: 'rcpt' });
    await peer.codes('DATA', '.');
    expect(await facts(peer)).not.toHaveProperty('ident');
    await peer.codes('XFORWARD def', 'RSET');
    expect(await facts(peer)).not.toHaveProperty('ident');
  });
});

describe('A question within a verb', () => {
  const asking = (proceed: () => ReturnType<Verb['perform']>): Verb =>
    simple('LOGIN', () => ({ reply: reply(250, '2.0.0', 'ok') }), {
      perform: (_params, session) => ({
        ask: { stage: 'auth', input: { session, mechanism: 'SPEC', identity: 'ann' } },
        proceed,
      }),
    });
  const known = () => ({
    reply: reply(235, '2.7.0', 'welcome'),
    effect: { type: 'identify' as const, identity: { name: 'ann', mechanism: 'SPEC' } },
  });

  it('is asked before the verb goes on, and a refusal is the reply', async () => {
    let performed = 0;
    const proceed = () => {
      performed += 1;
      return known();
    };
    const policy: Policy = {
      auth: ({ identity }) => (identity === 'ann' ? reject(reply(535, '5.7.8', 'not from here')) : accept()),
    };
    const one = scene({ verbs: [asking(proceed), who], policy });
    const peer = one.connect();
    await peer.codes('EHLO c');
    expect(await peer.send('LOGIN\r\n')).toEqual(['535 5.7.8 not from here']);
    expect(performed).toBe(0);
    expect((await facts(peer))['identity']).toBeUndefined();
    expect(one.eventsOf('verdictGiven').map(([, seen]) => seen)).toEqual(
      expect.arrayContaining([expect.objectContaining({ stage: 'auth' })]),
    );
  });

  it('may be asked by policies that take their time, of a verb that does, too', async () => {
    const policy: Policy = { auth: async () => (await settle(1), pass({ auth: 'asked' })) };
    const proceed = async () => (await settle(1), known());
    const peer = scene({ verbs: [asking(proceed), who], policy }).connect();
    await peer.codes('EHLO c');
    expect([...(await peer.send('LOGIN\r\n')), ...(await peer.heard())]).toEqual(['235 2.7.0 welcome']);
    expect(await facts(peer)).toMatchObject({ identity: 'ann', notes: ['auth=asked'] });
  });

  it('ends the session where a policy hangs up, and costs one command where going on fails', async () => {
    const broken = scene({
      verbs: [
        asking(() => {
          throw new Error('boom');
        }),
      ],
    });
    const peer = broken.connect();
    expect(await peer.codes('EHLO c', 'LOGIN', 'NOOP')).toEqual([220, 250, 451, 250]);
    const policy: Policy = { auth: () => ({ kind: 'hangup', reply: reply(421, '4.7.0', 'away'), reason: undefined }) };
    const other = scene({ verbs: [asking(known)], policy }).connect();
    expect(await other.codes('EHLO c', 'LOGIN')).toEqual([220, 250, 421]);
    expect(other.ended).toBe(true);
  });
});

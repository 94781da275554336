/** Every verb in every phase (RFC 5321 4.1.4), made from the phase table and from nothing else. */
import type { Session } from '@mailverb/contract';
import { PHASES, PHASE_TABLE, type Phase } from '@mailverb/protocol';
import { TestClient, type TestServer } from '@mailverb/testing';
import { EVERYTHING, everything } from './assembly.js';
import { secure, type ServerOptions } from './server.js';
import { usersPlugin } from './users.js';

/** How a session gets into each phase, from the one before it. */
const WAY: Readonly<Record<Phase, string>> = {
  connected: '',
  greeted: 'EHLO client.example.net',
  mail: 'MAIL FROM:<sender@example.net>',
  rcpt: 'RCPT TO:<user@example.org>',
  bdat: 'BDAT 0',
};

/** A listener that has everything a verb may need: a certificate, users, and clients who may say their password and speak for others. */
const LISTENER: ServerOptions = {
  plugins: [...EVERYTHING, usersPlugin({ ann: 'secret' })],
  tls: 'starttls',
  authWithoutTls: 'loopback',
  trustedPeers: ['127.0.0.1'],
  endpoint: { remoteAddress: '127.0.0.1', localAddress: '127.0.0.1' },
};

/** A right command of each verb; DATA is answered with the end of the data too, STARTTLS with a handshake. */
const COMMANDS: Readonly<Record<Exclude<keyof typeof PHASE_TABLE, 'LHLO'>, string>> = {
  HELO: 'HELO client.example.net',
  EHLO: 'EHLO client.example.net',
  MAIL: 'MAIL FROM:<other@example.net>',
  RCPT: 'RCPT TO:<other@example.org>',
  DATA: 'DATA',
  BDAT: 'BDAT 0',
  RSET: 'RSET',
  NOOP: 'NOOP',
  VRFY: 'VRFY user',
  EXPN: 'EXPN list',
  HELP: 'HELP',
  QUIT: 'QUIT',
  STARTTLS: 'STARTTLS',
  AUTH: 'AUTH PLAIN AGFubgBzZWNyZXQ=',
  XCLIENT: 'XCLIENT ADDR=192.0.2.7',
  XFORWARD: 'XFORWARD ADDR=192.0.2.7',
};

/** Where the session stands after a verb that was legal. */
const AFTER: Readonly<Partial<Record<string, Phase>>> = {
  HELO: 'greeted',
  EHLO: 'greeted',
  MAIL: 'mail',
  RCPT: 'rcpt',
  DATA: 'rcpt',
};

type Named = keyof typeof COMMANDS;
const VERBS = Object.keys(COMMANDS) as Named[];

async function sessionIn(phase: Phase): Promise<{ server: TestServer; client: TestClient; session: Session }> {
  const server = await everything(LISTENER);
  const client = server.client();
  await client.reply();
  for (const step of PHASES.slice(1, PHASES.indexOf(phase) + 1))
    expect((await client.command(WAY[step])).code).toBe(250);
  const session = server.eventsOf('sessionOpened')[0]?.args[0];
  if (session === undefined) throw new Error('no session was opened');
  expect(session.phase).toBe(phase);
  return { server, client, session };
}

/** BDAT is legal everywhere only so that it can have its bytes dropped: it refuses for itself (see the phase table). */
function legal(verb: Named, phase: Phase): boolean {
  const phases: readonly Phase[] = PHASE_TABLE[verb].phases;
  return phases.includes(phase) && (verb !== 'BDAT' || phase === 'rcpt' || phase === 'bdat');
}

function phaseAfter(verb: Named, phase: Phase): Phase {
  if (verb === 'BDAT') return 'bdat';
  if (verb === 'STARTTLS' || verb === 'XCLIENT') return 'connected';
  if (verb === 'RSET' || verb === 'QUIT') return phase === 'connected' ? 'connected' : 'greeted';
  return AFTER[verb] ?? phase;
}

describe.each(PHASES)('in phase %s', (phase) => {
  it.each(VERBS.filter((verb) => legal(verb, phase)))('%s is answered and does what it should', async (verb) => {
    const { server, client, session } = await sessionIn(phase);
    const { code } = await client.command(COMMANDS[verb]);
    expect(code).toBeGreaterThanOrEqual(200);
    expect(code).toBeLessThan(400);
    if (verb === 'STARTTLS') {
      const secured = new TestClient(await secure(client.stream));
      expect((await secured.command('NOOP')).code).toBe(250);
    }
    expect(session.phase).toBe(phaseAfter(verb, phase));
    if (verb === 'DATA') {
      expect((await client.command('.')).code).toBe(250);
      expect(session.phase).toBe('greeted');
    }
    if (verb === 'QUIT') expect(await client.ended()).toEqual([]);
    await server.stop();
  });

  const illegal = VERBS.filter((verb) => !legal(verb, phase));
  if (illegal.length > 0) {
    it.each(illegal)('%s is out of order, and changes nothing', async (verb) => {
      const { server, client, session } = await sessionIn(phase);
      const envelope = session.envelope;
      expect(await client.command(COMMANDS[verb])).toMatchObject({ code: 503 });
      expect(session.phase).toBe(phase);
      expect(session.envelope).toBe(envelope);
      expect((await client.command('NOOP')).code).toBe(250);
      await server.stop();
    });
  }

  it('LHLO is not implemented: this is no LMTP', async () => {
    const { server, client, session } = await sessionIn(phase);
    expect((await client.command('LHLO client.example.net')).code).toBe(502);
    expect(session.phase).toBe(phase);
    await server.stop();
  });
});

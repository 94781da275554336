/**
 * Attack A18: guessing. By every mechanism, over any number of sessions and from any number of places there are only so many guesses; a name that nobody has
 * cannot be told from one that somebody has; and no mechanism is offered or taken in clear.
 */
import type { TestClient, TestServer } from '@mailverb/testing';
import { use } from '@mailverb/contract';
import { authPlugin } from '@mailverb/verb-auth';
import { EVERYTHING, everything } from './assembly.js';
import { SASL_SCRIPTS, logIn, type Credentials, type SaslScript } from './sasl-clients.js';
import { startTls } from './server.js';
import { usersPlugin } from './users.js';

const ANN: Credentials = { name: 'ann', password: 'right', token: 'token-of-ann' };
const GUESS: Credentials = { name: 'ann', password: 'wrong', token: 'wrong' };
const NOBODY: Credentials = { name: 'nobody', password: 'wrong', token: 'wrong' };

/** With other rules for failures; answered at once, as time is not what this is about. */
function server(failures: object): Promise<TestServer> {
  const plugins = EVERYTHING.map((one) =>
    one.plugin === authPlugin ? use(authPlugin, { failures: { delay: 0, ...failures } }) : one,
  );
  return everything({ tls: 'starttls', plugins: [...plugins, usersPlugin({ ann: 'right', bob: 'right' })] });
}

/** A client from there, encrypted and greeted. */
async function clientFrom(running: TestServer, remoteAddress: string): Promise<TestClient> {
  const client = await startTls(running, {}, { remoteAddress });
  expect((await client.command('EHLO client.example.net')).code).toBe(250);
  return client;
}

/** An answer that may need time to pass: who finds a count full at the very moment is let wait a little before it is told so. */
async function inTime<T>(running: TestServer, answer: Promise<T>): Promise<T> {
  let settled = false;
  const done = () => void (settled = true);
  answer.then(done, done);
  for (let i = 0; i < 60 && !settled; i++) await running.clock.advance(250);
  return answer;
}

const named = SASL_SCRIPTS.map((script) => [`${script.mechanism}${script.initial ? '' : ', asked'}`, script] as const);
const withNames = named.filter(([, { mechanism }]) => mechanism !== 'OAUTHBEARER');

describe('A18', () => {
  it.each(named)('%s lets in with what is right, and acts as nobody else', async (_name, script) => {
    const running = await server({});
    const client = await clientFrom(running, '198.51.100.1');
    expect((await logIn(client, script, ANN)).code).toBe(235);
    expect((await logIn(client, script, ANN)).code).toBe(503);
    await running.stop();
  });

  it.each(withNames)('one name has so many guesses by %s, wherever they come from', async (_name, script) => {
    const running = await server({ perIdentity: 5, perSession: 0 });
    const codes: number[] = [];
    for (let i = 0; i < 8; i++) {
      const client = await clientFrom(running, `198.51.100.${i + 1}`);
      codes.push((await inTime(running, logIn(client, script, GUESS))).code);
      await client.close();
    }
    expect(codes).toEqual([535, 535, 535, 535, 535, 454, 454, 454]);
    // The right one is not taken either, and says no more; somebody else is not concerned.
    const late = await clientFrom(running, '198.51.100.99');
    expect((await inTime(running, logIn(late, script, ANN))).code).toBe(454);
    expect((await logIn(late, script, { ...ANN, name: 'bob', token: 'token-of-bob' })).code).toBe(235);
    await running.stop();
  });

  it.each(named)('one address has so many guesses by %s, for whomever', async (_name, script) => {
    const running = await server({ perAddress: 5, perSession: 0 });
    const codes: number[] = [];
    for (let i = 0; i < 8; i++) {
      const client = await clientFrom(running, '198.51.100.1');
      const guess = { name: `name${i}`, password: 'wrong', token: `wrong${i}` };
      codes.push((await inTime(running, logIn(client, script, guess))).code);
      await client.close();
    }
    expect(codes).toEqual([535, 535, 535, 535, 535, 454, 454, 454]);
    const elsewhere = await clientFrom(running, '203.0.113.1');
    expect((await logIn(elsewhere, script, ANN)).code).toBe(235);
    await running.stop();
  });

  it('many guesses at once are no more than one after another', async () => {
    const running = await server({ perIdentity: 5, perSession: 0, perAddress: 0 });
    const clients = await Promise.all(Array.from({ length: 20 }, (_, i) => clientFrom(running, `198.51.100.${i + 1}`)));
    const replies = Promise.all(clients.map((client) => logIn(client, plainOf(SASL_SCRIPTS), GUESS)));
    const codes = (await inTime(running, replies)).map(({ code }) => code);
    expect(codes.filter((code) => code === 535)).toHaveLength(5);
    expect(codes.filter((code) => code === 454)).toHaveLength(15);
    await running.stop();
  });

  it.each(named)('a session has so many guesses by %s, and is over then', async (_name, script) => {
    const running = await server({ perSession: 3 });
    const client = await clientFrom(running, '198.51.100.1');
    const codes: number[] = [];
    for (let i = 0; i < 3; i++) codes.push((await logIn(client, script, GUESS)).code);
    expect(codes).toEqual([535, 535, 421]);
    expect(await client.ended()).toEqual([]);
    await running.stop();
  });

  it.each(named)('nobody and somebody are told the same by %s, step by step', async (_name, script) => {
    const running = await server({ perSession: 0 });
    const heard = async (credentials: Credentials) => {
      const client = await clientFrom(running, '198.51.100.1');
      const lines: string[] = [];
      // A client that writes down what it is told, without what is new each time.
      const spy: SaslScript = {
        ...script,
        answer(whose, nth, challenge) {
          lines.push(shape(challenge.toString()));
          return script.answer(whose, nth, challenge);
        },
      };
      const { code, lines: last } = await logIn(client, spy, credentials);
      await client.close();
      return [...lines, code, ...last];
    };
    expect(await heard(NOBODY)).toEqual(await heard(GUESS));
    await running.stop();
  });

  it('nobody has the same salt each time, as somebody has: asking twice tells nothing', async () => {
    const running = await server({ perSession: 0 });
    const client = await clientFrom(running, '198.51.100.1');
    const saltOf = async (name: string) => {
      const first = Buffer.from(`n,,n=${name},r=abc`).toString('base64');
      const { lines } = await client.command(`AUTH SCRAM-SHA-256 ${first}`);
      await client.command('*');
      return /s=([^,]*)/.exec(Buffer.from(lines[0] ?? '', 'base64').toString())?.[1];
    };
    const salts = [await saltOf('nobody'), await saltOf('nobody'), await saltOf('noone'), await saltOf('ann')];
    expect(salts[0]).toBe(salts[1]);
    expect(new Set(salts).size).toBe(3);
    expect(salts.every((salt) => salt?.length === salts[0]?.length)).toBe(true);
    await running.stop();
  });

  it.each(named)('%s is not taken in clear, and nothing of it is looked at', async (_name, script) => {
    const running = await server({});
    const client = running.client();
    await client.reply();
    const { lines } = await client.command('EHLO client.example.net');
    expect(lines.filter((line) => line.startsWith('AUTH'))).toEqual([]);
    expect((await logIn(client, script, ANN)).code).toBe(538);
    expect((await client.command('MAIL FROM:<a@example.net>')).code).toBe(250);
    await running.stop();
  });
});

/** A nonce and a salt are other ones each time. */
function shape(challenge: string): string {
  return challenge.replace(/(?<=[rs]=)[^,]+/g, ({ length }) => `${length} characters`);
}

function plainOf(all: readonly SaslScript[]): SaslScript {
  const found = all.find(({ mechanism, initial }) => mechanism === 'PLAIN' && initial);
  if (found === undefined) throw new Error('no PLAIN');
  return found;
}

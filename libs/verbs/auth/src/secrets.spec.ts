/** Attack A23, PHPMailer issue 1223: no credential in anything that can be printed, on any way through AUTH. */
import { inspect } from 'node:util';
import { Mechanisms, definePlugin, use, type SaslStep, type Session } from '@mailverb/contract';
import { plainVerbs, settle, testServer, type TestServer } from '@mailverb/testing';
import { Scene, base64, claim, octets, offering, scripted, type Heard } from './auth.fixture.js';
import type { AuthCommand } from './auth.verb.js';
import { authPlugin } from './plugin.js';

const PASSWORD = 'hunter2-swordfish';
const MESSAGE = `\0ann\0${PASSWORD}`;
/** Every form in which it could be seen: as it is, and in base64 by each of the three ways it may be cut there. */
const FORMS = [
  PASSWORD,
  base64(MESSAGE),
  ...['', 'x', 'xx'].map((before) => base64(before + PASSWORD).slice(before.length === 0 ? 0 : 4, -4)),
  encodeURIComponent(PASSWORD),
  Buffer.from(PASSWORD).toString('hex'),
];

/** Everything that there is to see of a value. */
function dump(value: unknown): string {
  const seen = inspect(value, { depth: Infinity, showHidden: true, maxArrayLength: null, maxStringLength: null });
  const stack = value instanceof Error ? `${value.message} ${value.stack} ${dump({ ...value })}` : '';
  let json = '';
  try {
    json = JSON.stringify(value) ?? '';
  } catch {
    // A cycle: inspect has seen all of it.
  }
  return `${seen} ${stack} ${json}`;
}

function expectNone(value: unknown): void {
  const seen = dump(value);
  for (const form of FORMS) expect(seen.includes(form) ? `${form} in ${seen}` : '').toBe('');
  // As octets of an array, however they are listed.
  expect(seen).not.toContain([...Buffer.from(PASSWORD.slice(0, 6))].join(', '));
  expect(seen.toLowerCase()).not.toContain(
    Buffer.from(PASSWORD.slice(0, 6))
      .toString('hex')
      .replace(/..(?=.)/g, '$& '),
  );
}

/** An error whose words, code and whatever else hold the password: what AUTH must not pass on. */
const indiscreet = Object.assign(new Error(`bind as ann with ${PASSWORD} failed`, { cause: PASSWORD }), {
  code: PASSWORD,
  response: octets(MESSAGE),
  name: `Error of ${PASSWORD}`,
});

const FAILURE: SaslStep = { type: 'failure', kind: 'credentials', reason: 'wrong' };
const CHALLENGE: SaslStep = { type: 'challenge', data: octets('more?') };

/** Every way out of the verb: what the mechanism does, and what the client sends. */
const EXITS: readonly (readonly [string, readonly (SaslStep | Error)[], readonly string[]])[] = [
  ['success', [claim('ann', { type: 'success', name: 'ann' })], []],
  ['success with data', [claim('ann', { type: 'success', name: 'ann', data: octets('v=1') })], ['']],
  ['an answer to the data', [claim('ann', { type: 'success', name: 'ann', data: octets('v=1') })], [base64(MESSAGE)]],
  ['a second response', [CHALLENGE, claim('ann', { type: 'success', name: 'ann' })], [base64(MESSAGE)]],
  ['wrong', [claim('ann', FAILURE)], []],
  ['may not', [claim('ann', { type: 'failure', kind: 'authorization', reason: 'no' })], []],
  ['malformed', [{ type: 'failure', kind: 'malformed', reason: 'no' }], []],
  ['malformed after the claim', [claim('ann', { type: 'failure', kind: 'malformed', reason: 'no' })], []],
  ['cancelled', [CHALLENGE], ['*']],
  ['cancelled after the claim', [claim('ann', CHALLENGE)], ['*']],
  ['no base64', [CHALLENGE], [`${base64(MESSAGE)}!`]],
  ['plain words', [CHALLENGE], [PASSWORD]],
  ['plain words after the claim', [claim('ann', CHALLENGE)], [PASSWORD]],
  ['throws', [indiscreet], []],
  ['throws after the claim', [claim('ann', indiscreet)], []],
  ['rejects after the claim', [claim('ann', () => Promise.reject(indiscreet))], []],
  ['throws later', [CHALLENGE, indiscreet], [base64(MESSAGE)]],
  ['no claim', [{ type: 'success', name: 'ann' }], []],
  ['no step', [JSON.parse('{ "type": "x" }')], []],
  ['two claims', [claim('ann', claim('ann', FAILURE))], []],
  ['nobody', [claim('ann', { type: 'success', name: '' })], []],
];

/** Commands that parse refuses. */
const REFUSED = [
  `X ${base64(MESSAGE)}!`,
  `X ${PASSWORD}`,
  `Y ${base64(MESSAGE)}`,
  `X ${base64(MESSAGE)} ${PASSWORD}`,
  PASSWORD,
];

describe('no credential can be seen', () => {
  const see = (scene: Scene, session: Session, heard: Heard): void => {
    for (const one of [heard, heard.error, scene.verb, session, scene.store.entries]) expectNone(one);
  };

  it.each(EXITS)('after: %s', async (_title, steps, lines) => {
    const scene = new Scene(offering(scripted('X', ...steps)), { failures: { perSession: 2 } });
    const session = scene.session();
    for (let i = 0; i < 3; i++) see(scene, session, await scene.auth(session, `X ${base64(MESSAGE)}`, ...lines));
    see(scene, session, await scene.auth(session, 'X', base64(MESSAGE), ...lines));
  });

  it.each(REFUSED)('in what refuses a command (%#)', (args) => {
    const scene = new Scene(offering(scripted('X', FAILURE)));
    const session = scene.session();
    const parsed = scene.verb.parse(args, session);
    for (const one of [parsed, scene.verb, session]) expectNone(one);
  });

  it('when the store fails, or whoever said it is locked out', async () => {
    const scene = new Scene(offering(scripted('X', claim('ann', FAILURE))), { failures: { perIdentity: 1 } });
    for (let i = 0; i < 2; i++) {
      const session = scene.session();
      see(scene, session, await scene.auth(session, `X ${base64(MESSAGE)}`));
    }
    scene.store.fails = new Error('full');
    const session = scene.session();
    see(scene, session, await scene.auth(session, `X ${base64(MESSAGE)}`));
  });

  it('while it is being checked: not in the verb, the command, the session, nor in what the loop holds', async () => {
    let finish: ((step: SaslStep) => void) | undefined;
    const checking = (): Promise<SaslStep> => new Promise((resolve) => (finish = resolve));
    // As mechanisms are: what belongs to the attempt is in closures.
    const mechanism = {
      name: 'X',
      begin: () => ({
        step: (response: Uint8Array | undefined): SaslStep => {
          if (response === undefined) return CHALLENGE;
          const said = Buffer.from(response).toString();
          return claim('ann', async () => (said === MESSAGE ? checking() : FAILURE));
        },
      }),
    };
    const scene = new Scene(offering(mechanism));
    const session = scene.session();
    const command = parsedOf(scene, `X ${base64(MESSAGE)}`, session);
    const first = await scene.verb.perform(command, session);
    if (!('ask' in first)) throw new Error('there was a claim');
    const coming = first.proceed();
    await settle(5);
    expect(finish).toBeDefined();
    for (const one of [scene.verb, command, session, first]) expectNone(one);
    finish?.({ type: 'success', name: 'ann' });
    expectNone(await coming);

    const asked = await scene.verb.perform(parsedOf(scene, 'X', session), session);
    if ('ask' in asked || asked.effect?.type !== 'converse') throw new Error('there was a challenge');
    const answered = asked.effect.answer(octets(base64(MESSAGE)));
    for (const one of [scene.verb, session, asked, await answered]) expectNone(one);
  });
});

function parsedOf(scene: Scene, args: string, session: Session): AuthCommand {
  const command = scene.verb.parse(args, session);
  if (!('begin' in command)) throw new Error(command.toString());
  return command;
}

describe('no observer, record or log sees a credential', () => {
  async function serve(...steps: readonly (SaslStep | Error)[]): Promise<TestServer> {
    const scene = new Scene(offering());
    const plugin = definePlugin({
      name: 'service-auth-test',
      register(contribute) {
        contribute.service(Mechanisms, offering(scripted('X', ...steps)));
        contribute.store(scene.store);
      },
    });
    const auth = use(authPlugin, { failures: { delay: 0 } });
    return testServer({ plugins: [plainVerbs(), use(plugin), auth] });
  }

  it.each(EXITS)('after: %s', async (_title, steps, lines) => {
    const server = await serve(...steps);
    const client = server.client();
    await client.reply();
    await client.command('EHLO client.example.net');
    let { code } = await client.command(`AUTH X ${base64(MESSAGE)}`);
    for (const line of lines) if (code === 334) ({ code } = await client.command(line));
    expect(code).not.toBe(334);
    if (code !== 421) await client.command('QUIT');
    await client.close();
    await server.stop();
    expect(server.eventsOf('commandReceived').map(({ args: [, line] }) => line)).toContain('AUTH ***');
    expectNone(server.events);
    expectNone(server.log);
    // What went wrong is told all the same.
    if (code === 454) expect(dump(server.log)).toContain('mechanism X');
    if (code === 535) expect(dump(server.eventsOf('sessionClosed'))).toContain('(ann)');
  });

  it('nor when the line is too long, or not a line at all', async () => {
    for (const line of [`${base64(MESSAGE)}${'A'.repeat(13_000)}`, `${base64(MESSAGE)}\0`, `${PASSWORD}\x80`]) {
      const server = await serve(claim('ann', CHALLENGE));
      const client = server.client();
      await client.reply();
      await client.command('EHLO client.example.net');
      expect((await client.command('AUTH X')).code).toBe(334);
      client.write(Buffer.from(`${line}\r\n`, 'latin1'));
      expect((await client.reply()).code).toBeGreaterThanOrEqual(500);
      await client.close();
      await server.stop();
      expectNone(server.events);
      expectNone(server.log);
    }
  });
});

/**
 * Attacks A24 and A26: what AUTH depends on is broken or down: an authenticator, a mechanism, the store that counts failures. Nobody is let in, the session
 * goes on, and when it is mended so does everything.
 */
import {
  definePlugin,
  use,
  type Authenticator,
  type PluginUse,
  type SaslMechanism,
  type SaslStep,
  type Store,
} from '@mailverb/contract';
import { memoryStorePlugin } from '@mailverb/store-memory';
import { type TestClient, type TestServer } from '@mailverb/testing';
import { EVERYTHING, everything } from './assembly.js';
import { FAILURES, HANGS, Switch, answers, inline, rubbish } from './broken.js';
import { SASL_SCRIPTS, logIn, type Credentials, type SaslScript } from './sasl-clients.js';
import { startTls } from './server.js';
import { authenticating, authenticatorOf, usersPlugin } from './users.js';

const ANN: Credentials = { name: 'ann', password: 'right', token: 'token-of-ann' };
const FAULTS = [...FAILURES, HANGS];

/** Nothing of this says who somebody is. */
const NO_NAMES = answers({
  nothing: null,
  false: false,
  true: true,
  'a number': 0,
  'an empty name': '',
  'an object': {},
  'a list': ['ann'],
  'a name with a line end': 'ann\r\nX: y',
  'a function': () => 'ann',
});

const NO_KEYS = answers({
  nothing: null,
  true: true,
  'an object': {},
  'keys of no length': {
    salt: Buffer.alloc(0),
    iterations: 1,
    storedKey: Buffer.alloc(0),
    serverKey: Buffer.alloc(0),
  },
  'keys that are text': { salt: 'a', iterations: 1, storedKey: 'b', serverKey: 'c' },
});

async function serverOf(...plugins: readonly PluginUse[]): Promise<TestServer> {
  return everything({ tls: 'starttls', plugins, limits: { errors: 1000 } });
}

async function greeted(server: TestServer): Promise<TestClient> {
  const client = await startTls(server);
  await client.command('EHLO client.example.net');
  return client;
}

async function patiently<T>(server: TestServer, answer: Promise<T>): Promise<T> {
  let settled = false;
  const done = () => void (settled = true);
  answer.then(done, done);
  for (let i = 0; i < 100 && !settled; i++) await server.clock.advance(1000);
  return answer;
}

/** Tries, hears that it is refused, and that the session goes on; then what was broken is mended. */
async function expectNobodyIn(
  server: TestServer,
  script: SaslScript,
  broken: Switch,
  codes: readonly number[],
): Promise<void> {
  const client = await greeted(server);
  const { code } = await patiently(server, logIn(client, script, ANN));
  expect(codes).toContain(code);
  expect(server.eventsOf('sessionOpened')[0]?.args[0].identity).toBeUndefined();
  expect((await client.command('NOOP')).code).toBe(250);
  broken.on = false;
  expect((await patiently(server, logIn(client, script, ANN))).code).toBe(235);
  await server.stop();
}

const scriptOf = (mechanism: string): SaslScript => {
  const found = SASL_SCRIPTS.find((one) => one.mechanism === mechanism && one.initial);
  if (found === undefined) throw new Error(`no ${mechanism}`);
  return found;
};

const sound = authenticatorOf({ ann: 'right' });

/** Sound, but for one method while the switch is on. */
function brokenAt(method: 'password' | 'scram' | 'token', act: () => never, broken: Switch): Authenticator {
  return {
    ...sound,
    [method]: (...args: unknown[]) =>
      broken.choose(act, (): unknown => Reflect.apply(Object(sound[method]), sound, args)),
  };
}

describe.each([
  ['password', 'PLAIN'],
  ['password', 'LOGIN'],
  ['scram', 'SCRAM-SHA-256'],
  ['token', 'OAUTHBEARER'],
  ['token', 'XOAUTH2'],
] as const)('A26: an authenticator whose %s, asked by %s,', (method, mechanism) => {
  it.each(FAULTS)('$name lets nobody in', async ({ act }) => {
    const broken = new Switch();
    const server = await serverOf(...EVERYTHING, authenticating(brokenAt(method, act, broken)));
    await expectNobodyIn(server, scriptOf(mechanism), broken, [454, 451]);
  });

  it.each(method === 'scram' ? NO_KEYS : NO_NAMES)('$name lets nobody in', async ({ act }) => {
    const broken = new Switch();
    const server = await serverOf(...EVERYTHING, authenticating(brokenAt(method, act, broken)));
    await expectNobodyIn(server, scriptOf(mechanism), broken, [454, 535]);
  });
});

describe('A26: of two authenticators', () => {
  const fails: Authenticator = { password: () => Promise.reject(new Error('the directory is gone')) };

  it('one that is down lets nobody in whom the other does not know', async () => {
    const server = await serverOf(
      ...EVERYTHING,
      authenticating(fails),
      inlineAuthenticator('second', authenticatorOf({ bob: 'x' })),
    );
    const client = await greeted(server);
    expect((await patiently(server, logIn(client, scriptOf('PLAIN'), ANN))).code).toBe(454);
    await server.stop();
  });

  it('one that is down keeps nobody out whom the other knows', async () => {
    const server = await serverOf(...EVERYTHING, authenticating(fails), inlineAuthenticator('second', sound));
    const client = await greeted(server);
    expect((await patiently(server, logIn(client, scriptOf('PLAIN'), ANN))).code).toBe(235);
    await server.stop();
  });
});

function inlineAuthenticator(name: string, authenticator: Authenticator): PluginUse {
  return use(definePlugin({ name: `auth-${name}`, register: (contribute) => contribute.authenticator(authenticator) }));
}

describe('A26: a store', () => {
  const withoutStore = EVERYTHING.filter(({ plugin }) => plugin !== memoryStorePlugin);

  /** Holds nothing, and finds nothing: nobody has failed yet. */
  const empty: Store = {
    get: () => undefined,
    set: () => undefined,
    update: (_key, change) => change(undefined)?.value,
    delete: () => undefined,
  };

  it.each(FAULTS)('that $name lets nobody in, as nobody could be counted', async ({ act }) => {
    const broken = new Switch();
    const store: Store = {
      get: (key) => broken.choose(act, () => empty.get(key)),
      set: (key, value, ttlMs) => broken.choose(act, () => empty.set(key, value, ttlMs)),
      update: (key, change) => broken.choose(act, () => empty.update(key, change)),
      delete: (key) => broken.choose(act, () => empty.delete(key)),
    };
    const plugin = inline('store-broken', (contribute) => contribute.store(store));
    const server = await serverOf(plugin, ...withoutStore, usersPlugin({ ann: 'right' }));
    await expectNobodyIn(server, scriptOf('PLAIN'), broken, [454, 451]);
  });
});

/** A mechanism that does as it likes. */
function mechanism(begin: SaslMechanism['begin'], offered?: SaslMechanism['offered']): PluginUse {
  const name = 'XBROKEN';
  return inline('sasl-broken', (contribute) => contribute.mechanism({ name, begin, offered }));
}

const BROKEN: SaslScript = { mechanism: 'XBROKEN', initial: true, answer: ({ password }) => password };
const SUCCESS: SaslStep = { type: 'success', name: 'ann' };
const CLAIM: SaslStep = { type: 'claim', name: 'ann', proceed: () => SUCCESS };

const STEPS = answers({
  nothing: undefined,
  null: null,
  text: 'success',
  'no type': {},
  'a type that there is not': { type: 'maybe', name: 'ann' },
  'a success without a name': { type: 'success' },
  'a success without a claim': SUCCESS,
  'a success for nobody': { type: 'claim', name: 'ann', proceed: () => ({ type: 'success', name: '' }) },
  'a success with a line end': { type: 'claim', name: 'ann', proceed: () => ({ type: 'success', name: 'a\r\nb' }) },
  'a claim without a name': { type: 'claim', proceed: () => SUCCESS },
  'a claim without an end': { type: 'claim', name: 'ann' },
  'two claims': { type: 'claim', name: 'ann', proceed: () => CLAIM },
  'a challenge that is no octets': { type: 'challenge', data: 'text' },
});

describe('A24: a mechanism', () => {
  it.each([...FAULTS, ...STEPS])('whose step $name lets nobody in', async ({ act }) => {
    const broken = new Switch();
    const plugin = mechanism(() => ({
      step: () =>
        broken.choose(
          () => rubbish<SaslStep>(act()),
          () => CLAIM,
        ),
    }));
    await expectNobodyIn(
      await serverOf(...EVERYTHING, plugin, usersPlugin({ ann: 'right' })),
      BROKEN,
      broken,
      [454, 451],
    );
  });

  it.each([...FAILURES.slice(0, 6), ...answers({ nothing: undefined, 'an object': {} })])(
    'whose beginning $name lets nobody in',
    async ({ act }) => {
      const broken = new Switch();
      const plugin = mechanism(() => broken.choose(act, () => ({ step: () => CLAIM })));
      await expectNobodyIn(
        await serverOf(...EVERYTHING, plugin, usersPlugin({ ann: 'right' })),
        BROKEN,
        broken,
        [454, 451],
      );
    },
  );

  it('that asks without end is ended by whoever is asked', async () => {
    let asked = 0;
    const plugin = mechanism(() => ({ step: () => ({ type: 'challenge', data: Buffer.from(String(asked++)) }) }));
    const server = await serverOf(...EVERYTHING, plugin, usersPlugin({ ann: 'right' }));
    const client = await greeted(server);
    for (let i = 0; i < 200; i++) {
      const { code } = await client.command(i === 0 ? 'AUTH XBROKEN' : 'AAAA');
      if (code !== 334) break;
    }
    expect(await client.commands('*', 'NOOP')).toEqual([501, 250]);
    await server.stop();
  });
});

/** The contract suite of SASL mechanisms: what is true of all of them. Uses the globals of jest. */
import { inspect } from 'node:util';
import type { Authenticator, SaslMechanism, SaslStep, Session } from '@mailverb/contract';
import fc from 'fast-check';
import { testClientCertificate, testListener, testTls } from './fixtures.js';
import { changed, hostileOctets, smallChange } from './hostile-octets.js';
import { hasControl } from './hostile.js';
import {
  SaslClientError,
  SaslDialogue,
  type SaslClient,
  type SaslDialogueOptions,
  type SaslEnd,
} from './sasl-dialogue.js';
import { sessionIn } from './sessions.js';
import { TestAuthenticator, testUser, type TestAuthenticatorOptions, type TestUser } from './test-authenticator.js';

/** What the suite must know about a mechanism to test it well. */
export interface MechanismSuite {
  /** The method of an authenticator without which it can do nothing. */
  readonly asks: 'password' | 'scram' | 'token' | 'certificate';
  /** The client's side of one exchange: `who` proves to be itself and, if there is an `authzid`, wants to act as that. */
  client(who: TestUser, authzid: string | undefined, session: Session): SaslClient;
  /** Whether a client can say as whom it wants to act, or must. Default `optional`. */
  readonly authzid?: 'never' | 'optional' | 'always';
  /** What it claims; default the name of `who`. An asymmetric matcher will do. */
  claim?(who: TestUser, authzid: string | undefined): unknown;
}

const ANN = testUser('ann');
const BOB = testUser('bob');
const STRANGER = testUser('nobody');
/** Says that she is Ann, and is not. */
const IMPOSTOR: TestUser = { ...STRANGER, name: ANN.name };

/** RFC 4422 3.1. */
const NAME = /^[A-Z0-9_-]{1,20}$/;
/** RFC 4954 4: a line of base64 has at most 12288 octets, CRLF included. */
const MAX_CHALLENGE = 9213;
/** RFC 4616 2: names have at most 255 octets. */
const MAX_NAME = 255;
const NOT_ME = 'boss';

/** A session in which every mechanism can be used: TLS with a binding, and the client's certificate. */
export function saslSession(who: Pick<TestUser, 'certificate'> = ANN, overrides: Partial<Session> = {}): Session {
  return sessionIn('greeted', {
    listener: testListener({ tls: 'starttls' }),
    tls: testTls({
      clientCertificate: testClientCertificate(who.certificate),
      channelBinding: (type) => Buffer.from(`the binding ${type}`),
    }),
    ...overrides,
  });
}

/**
 * Tests a mechanism against its contract.
 * @param factory makes a fresh one that injects this authenticator.
 */
export function describeMechanism(
  name: string,
  factory: (authenticator: Authenticator) => SaslMechanism,
  suite: MechanismSuite,
): void {
  const { asks, authzid: asking = 'optional' } = suite;
  const claimOf = (who: TestUser, authzid?: string): unknown => suite.claim?.(who, authzid) ?? who.name;

  /** One exchange of `who` with a mechanism that is there or is made. */
  interface Scene extends SaslDialogueOptions {
    readonly mechanism?: SaslMechanism;
    readonly who?: TestUser;
    readonly authzid?: string;
    readonly client?: SaslClient;
  }

  function dialogue(authenticator: TestAuthenticator, scene: Scene = {}): SaslDialogue {
    const { who = ANN, authzid, mechanism = factory(authenticator) } = scene;
    const session = saslSession(who);
    const before = authenticator.calls.length;
    // Where others use the authenticator too, it can't be seen who asked.
    let claimed = scene.mechanism !== undefined;
    const seen = (step: SaslStep): void => {
      expectStep(step);
      // Before whatever costs or tells something.
      if (!claimed) expect(authenticator.calls.slice(before)).toEqual([]);
      if (step.type === 'claim') claimed = true;
      const data = 'data' in step ? Buffer.from(step.data ?? []).toString('latin1') : '';
      for (const secret of secretsOf(who)) expect(`${data} ${dump(step)}`).not.toContain(secret);
      scene.seen?.(step);
    };
    const client = scene.client ?? suite.client(who, authzid, session);
    return new SaslDialogue(mechanism, session, client, { ...scene, seen });
  }

  /** How an exchange ends whose claims and steps are as they must be. */
  async function endOf(authenticator: TestAuthenticator, scene: Scene = {}): Promise<SaslEnd> {
    const both = dialogue(authenticator, scene);
    const end = await both.finish();
    expect(both.claims.length).toBeLessThanOrEqual(1);
    // What is counted is counted by somebody's name, and who is let in has said so before.
    if (end.type === 'success' || end.kind !== 'malformed') expect(both.claims.length).toBe(1);
    for (const secret of secretsOf(scene.who ?? ANN)) expect(dump(both.exchange)).not.toContain(secret);
    return end;
  }

  const knowing = (options: TestAuthenticatorOptions = {}): TestAuthenticator =>
    new TestAuthenticator({ users: [ANN, BOB], ...options });

  /** The whole course, as far as the client can see it. */
  async function course(authenticator: TestAuthenticator, who: TestUser, initial: boolean): Promise<unknown> {
    const steps: unknown[] = [];
    const seen = (step: SaslStep): void => {
      const data = 'data' in step ? step.data?.length : undefined;
      steps.push(step.type === 'failure' ? step : { type: step.type, data });
    };
    await endOf(authenticator, { who, initial, seen });
    return steps;
  }

  describe(`mechanism ${name} keeps the contract`, () => {
    it('has a name as it is registered (RFC 4422 3.1)', () => {
      expect(factory(knowing()).name).toBe(name);
      expect(name).toMatch(NAME);
    });

    it(`is offered where somebody can answer it by ${asks}, and nowhere else`, () => {
      const offered = (authenticator: Authenticator): boolean =>
        factory(authenticator).offered?.(saslSession()) ?? true;
      const authenticator = knowing();
      const methods = ['password', 'scram', 'token', 'certificate'] as const;
      const only = (wanted: readonly string[]): Authenticator =>
        Object.fromEntries(wanted.map((method) => [method, Reflect.get(authenticator, method)]));
      expect(offered(only([asks]))).toBe(true);
      expect(offered(only(methods))).toBe(true);
      expect(offered(only(methods.filter((method) => method !== asks)))).toBe(false);
      expect(offered({})).toBe(false);
      expect(authenticator.calls).toEqual([]);
    });

    for (const initial of [true, false]) {
      const how = initial ? 'with an initial response' : 'without an initial response';

      it.each([false, true])(`accepts who proves to be somebody, ${how} (answers later: %p)`, async (later) => {
        const both = dialogue(knowing({ later }), { initial });
        expect(await both.finish()).toMatchObject({ type: 'success', name: ANN.name });
        expect(both.claims).toEqual([claimOf(ANN)]);
      });

      it(`refuses who does not, ${how}`, async () => {
        const both = dialogue(knowing(), { initial, who: IMPOSTOR });
        expect(await both.finish()).toMatchObject({ type: 'failure', kind: 'credentials' });
        expect(both.claims).toEqual([claimOf(IMPOSTOR)]);
      });

      it(`answers somebody unknown as it answers a wrong secret, ${how} (attack A18)`, async () => {
        const wrong = await course(knowing(), IMPOSTOR, initial);
        expect(await course(knowing(), STRANGER, initial)).toEqual(wrong);
      });
    }

    it('asks the authenticator once, and only after the claim was let pass', async () => {
      const authenticator = knowing();
      const both = dialogue(authenticator);
      while (both.claims.length === 0) await both.step();
      expect(authenticator.calls).toEqual([]);
      expect(await both.finish()).toMatchObject({ type: 'success' });
      expect(authenticator.calls.length).toBe(1);
      expect(authenticator.calls[0]?.split(' ')[0]).toBe(asks);
    });

    it("never accepts without the authenticator's word, whatever the client proves", async () => {
      for (const who of [ANN, BOB, STRANGER]) {
        const end = await endOf(new TestAuthenticator(), { who });
        expect(end).toMatchObject({ type: 'failure', kind: 'credentials' });
      }
    });

    if (asks !== 'scram' && asking !== 'always') {
      it('accepts under the name that the authenticator says', async () => {
        const end = await endOf(knowing({ acts: (one) => `${one}@test.example` }));
        expect(end).toMatchObject({ type: 'success', name: 'ann@test.example' });
      });
    }

    if (asks !== 'scram') {
      it.each(['""', 'null', 'false', 'true'])(
        'takes for a name only what is one: an answer %s is none',
        async (json) => {
          const end = await endOf(knowing({ acts: () => JSON.parse(json), mayActAs: () => true }));
          expect(end).toMatchObject({ type: 'failure', kind: 'credentials' });
        },
      );
    }

    it.each([false, true])('rejects when the authenticator can not tell (attack A26; later: %p)', async (later) => {
      const fails = new Error('the directory is down');
      for (const who of [ANN, IMPOSTOR]) await expect(endOf(knowing({ fails, later }), { who })).rejects.toBe(fails);
    });

    if (asking !== 'never') {
      it('asks whether somebody may act as another, and lets them if so', async () => {
        const authenticator = knowing({ mayActAs: (one, other) => one === ANN.name && other === NOT_ME });
        const end = await endOf(authenticator, { authzid: NOT_ME });
        expect(end).toMatchObject({ type: 'success', name: NOT_ME });
        expect(authenticator.calls.at(-1)).toBe(`mayActAs ${ANN.name} ${NOT_ME}`);
      });

      it('refuses if not, and never goes on under the own name (attack A18)', async () => {
        const refused = { type: 'failure', kind: 'authorization' };
        expect(await endOf(knowing(), { authzid: NOT_ME })).toMatchObject(refused);
        expect(await endOf(knowing({ later: true }), { authzid: NOT_ME })).toMatchObject(refused);
        const authenticator = knowing();
        // Absent means never.
        const mechanism = factory({
          password: (one, password) => authenticator.password(one, password),
          scram: (one, hash) => authenticator.scram(one, hash),
          token: (token) => authenticator.token(token),
          certificate: (certificate) => authenticator.certificate(certificate),
        });
        expect(await endOf(authenticator, { mechanism, authzid: NOT_ME })).toMatchObject(refused);
      });

      it('does not ask it of somebody whose secret is wrong', async () => {
        const authenticator = knowing({ mayActAs: () => true });
        const end = await endOf(authenticator, { who: IMPOSTOR, authzid: NOT_ME });
        expect(end).toMatchObject({ type: 'failure', kind: 'credentials' });
        expect(authenticator.calls.filter((call) => call.startsWith('mayActAs'))).toEqual([]);
      });

      it('takes the own name for what it is', async () => {
        const authenticator = knowing();
        const end = await endOf(authenticator, { authzid: ANN.name });
        expect(end).toMatchObject({ type: 'success', name: ANN.name });
        expect(authenticator.calls.filter((call) => call.startsWith('mayActAs'))).toEqual([]);
      });

      it('rejects when it can not be told', async () => {
        const fails = new Error('the directory is down');
        const mayActAs = (): never => {
          throw fails;
        };
        await expect(endOf(knowing({ mayActAs }), { authzid: NOT_ME })).rejects.toBe(fails);
      });
    }

    it('makes sense of whatever is sent, and never throws nor accepts (attacks A3, A6, A8, A10, A18)', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(hostileOctets, { maxLength: 4 }), fc.boolean(), async (answers, initial) => {
          const rest = [...answers];
          const client: SaslClient = () => rest.shift() ?? new Uint8Array(0);
          const end = await endOf(new TestAuthenticator(), { who: STRANGER, client, initial });
          expect(end.type).toBe('failure');
        }),
        { numRuns: 300 },
      );
    });

    it('is not deceived by a small change to what is right', async () => {
      await fc.assert(
        fc.asyncProperty(smallChange, fc.constantFrom(ANN, IMPOSTOR), async (small, who) => {
          const authenticator = knowing();
          const right = suite.client(who, undefined, saslSession(who));
          let answers = 0;
          const client: SaslClient = (challenge) => {
            const answer = right(challenge);
            return answer === undefined || answers++ !== small.answer ? answer : changed(answer, small);
          };
          let end: SaslEnd;
          try {
            end = await endOf(authenticator, { who, client });
          } catch (error) {
            // The client does not believe a server that believes something else: that is its part.
            expect(error).toBeInstanceOf(SaslClientError);
            return;
          }
          if (end.type === 'success') expect([who, end.name]).toEqual([ANN, ANN.name]);
        }),
        { numRuns: 300 },
      );
    });

    it('holds nothing of an exchange: two at once do not mix', async () => {
      const authenticator = knowing({ later: true });
      const mechanism = factory(authenticator);
      const people = [ANN, BOB, IMPOSTOR, BOB, ANN];
      const dialogues = people.map((who, i) => dialogue(authenticator, { mechanism, who, initial: i % 2 === 0 }));
      for (let open = dialogues; open.length > 0; open = open.filter(({ end }) => end === undefined)) {
        for (const one of open) await one.step();
      }
      expect(dialogues.map(({ claims }) => claims)).toEqual(people.map((who) => [claimOf(who)]));
      const names = dialogues.map(({ end }) => (end?.type === 'success' ? end.name : end?.kind));
      expect(names).toEqual([ANN.name, BOB.name, 'credentials', BOB.name, ANN.name]);
    });

    it('begins anew each time: an exchange that was left changes nothing', async () => {
      const authenticator = knowing();
      const mechanism = factory(authenticator);
      for (let steps = 0; steps < 3; steps++) {
        const left = dialogue(authenticator, { mechanism, who: BOB });
        for (let i = 0; i < steps && left.end === undefined; i++) await left.step();
        const end = await endOf(authenticator, { mechanism });
        expect(end).toMatchObject({ type: 'success', name: ANN.name });
      }
    });
  });
}

/** Fails the test if the step is not one that AUTH can take. */
function expectStep(step: SaslStep): void {
  switch (step.type) {
    case 'challenge':
      expect(step.data).toBeInstanceOf(Uint8Array);
      return expect(step.data.length).toBeLessThanOrEqual(MAX_CHALLENGE);
    case 'claim':
      expect(step.name).not.toBe('');
      // It is counted by, asked about and logged (attack A6).
      expect(hasControl(step.name)).toBe(false);
      expect(Buffer.byteLength(step.name)).toBeLessThanOrEqual(MAX_NAME);
      return expect(typeof step.proceed).toBe('function');
    case 'success':
      expect(step.name).not.toBe('');
      return expect(step.data?.length ?? 0).toBeLessThanOrEqual(MAX_CHALLENGE);
    case 'failure':
      expect(['credentials', 'authorization', 'malformed']).toContain(step.kind);
      expect(step.reason).not.toBe('');
      return expect(hasControl(step.reason)).toBe(false);
    default:
      throw new Error('no such step');
  }
}

/** The secrets as they could be seen. */
function secretsOf({ password, token }: TestUser): readonly string[] {
  const hidden = [password, token].map((secret) => Buffer.from(secret));
  return [
    password,
    token,
    ...hidden.flatMap((secret) => [secret.toString('base64').replace(/=+$/, ''), secret.toString('hex')]),
  ];
}

/** All that a dump of it shows (attack A23). */
function dump(value: unknown): string {
  const shown = inspect(value, { depth: 20, showHidden: true, maxStringLength: null, maxArrayLength: null });
  const hex = shown.replaceAll(/<Buffer ([^>]*)>/g, (_, text: string) => text.replaceAll(' ', ''));
  return `${shown} ${hex} ${JSON.stringify(value)}`;
}

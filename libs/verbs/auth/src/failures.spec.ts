/** Failures of AUTH: counted across sessions, answered late, and locked out (attack A18). */
import type { SaslStep, Session } from '@mailverb/contract';
import { settle } from '@mailverb/testing';
import { Scene, TestMechanism, base64, claim, offering, scripted, type Heard } from './auth.fixture.js';

const NOT_NOW = '454 4.7.0 temporary authentication failure, try again later';
const FAILED = '535 5.7.8 authentication failed';
const SUCCESS = '235 2.7.0 authentication successful';

const MINUTE = 60_000;

/** AUTH of the test mechanism, with the right password or a wrong one. */
class Guesser extends Scene {
  readonly mechanism: TestMechanism;

  constructor(failures: Record<string, unknown> = {}, beside?: Scene) {
    const mechanism = new TestMechanism();
    super(offering(mechanism), { failures: { perSession: 0, delay: 0, ...failures } }, beside);
    this.mechanism = mechanism;
  }

  right(name: string, address?: string | Session): Promise<Heard> {
    return this.say(name, [...name].reverse().join(''), address);
  }

  wrong(name: string, address?: string | Session): Promise<Heard> {
    return this.say(name, 'wrong', address);
  }

  /** The replies to so many wrong passwords, one after another; `who` says for whom and where from. */
  async wrongs(n: number, who: (i: number) => readonly [name: string, address?: string]): Promise<Set<string>> {
    const replies = new Set<string>();
    for (let i = 0; i < n; i++) replies.add((await this.wrong(...who(i))).reply);
    return replies;
  }

  private say(name: string, password: string, address: string | Session = '192.0.2.1'): Promise<Heard> {
    const session = typeof address === 'string' ? this.session(address) : address;
    return this.auth(session, `TEST ${base64(`${name}:${password}`)}`);
  }
}

const elsewhere = (i: number): string => `198.51.100.${i}`;

describe('a failure', () => {
  it('is answered late, and the later the more there are', async () => {
    const scene = new Guesser({ delay: '1s' });
    const waited: number[] = [];
    for (let i = 0; i < 6; i++) waited.push((await scene.wrong('ann')).ms);
    expect(waited).toEqual([1000, 2000, 4000, 8000, 10_000, 10_000]);
    expect((await scene.right('ann')).ms).toBe(0);
  });

  it('is answered at a time that does not tell how long the check took', async () => {
    const waited: number[] = [];
    for (const ms of [0, 300, 900, 1500]) {
      const check = (): Promise<SaslStep> =>
        new Promise((resolve) => {
          scene.clock.after(ms, () => resolve({ type: 'failure', kind: 'credentials', reason: 'no' }));
        });
      const scene: Scene = new Scene(offering(scripted('X', claim('ann', check))));
      waited.push((await scene.auth(scene.session(), 'X')).ms);
    }
    expect(waited).toEqual([1000, 1000, 1000, 1500]);
  });

  it('is one of a session that may have only so many, which ends with the last', async () => {
    const scene = new Guesser({ perSession: 3 });
    const session = scene.session();
    const heard: Heard[] = [];
    for (let i = 0; i < 3; i++) heard.push(await scene.wrong(`user${i}`, session));
    expect(heard.map(({ reply }) => reply)).toEqual([
      FAILED,
      FAILED,
      '421 4.7.0 too many authentication failures (failures.perSession)',
    ]);
    expect(heard.map(({ outcome }) => outcome?.effect)).toEqual([undefined, undefined, { type: 'close' }]);
    expect((await scene.right('ann')).reply).toBe(SUCCESS);
  });

  it('is whatever ends an attempt but success, once the client has said who it is', async () => {
    const challenge: SaslStep = { type: 'challenge', data: Buffer.from('?') };
    const malformed: SaslStep = { type: 'failure', kind: 'malformed', reason: 'no' };
    const ends: readonly (readonly [string, SaslStep | Error, readonly string[], string])[] = [
      // OAUTHBEARER's client hears that its token is wrong before it has to admit that it heard it.
      ['cancelled', challenge, ['*'], '501 5.7.0 authentication cancelled'],
      ['no base64', challenge, ['?'], '501 5.5.2 expected base64'],
      ['malformed', malformed, [], '501 5.5.2 the mechanism does not understand this'],
      ['never answered', challenge, [], '334 Pw=='],
      ['nobody can tell', new Error('down'), [], NOT_NOW],
    ];
    for (const [title, step, lines, expected] of ends) {
      const mechanism = scripted('X', claim('ann', step));
      const right = new TestMechanism();
      const scene = new Scene(offering(mechanism, right), { failures: { perSession: 0, perIdentity: 5 } });
      for (let i = 0; i < 5; i++) {
        const heard = await scene.auth(scene.session(elsewhere(i)), 'X', ...lines);
        expect(`${title}: ${heard.reply}`).toBe(`${title}: ${expected}`);
      }
      const next = await scene.auth(scene.session(), `TEST ${base64('ann:nna')}`);
      expect(`${title}: ${next.reply}`).toBe(`${title}: ${NOT_NOW}`);
      expect(right.checks).toBe(0);
    }
  });

  it('is none where nobody was claimed', async () => {
    const scene = new Guesser({ perSession: 1, delay: '1s' });
    const session = scene.session();
    for (const args of ['TEST =', 'TEST a', 'OTHER', '']) {
      const heard = await scene.auth(session, args);
      expect(heard.reply).toMatch(/^50[14] /);
      expect(heard.ms).toBe(0);
    }
    expect((await scene.auth(session, 'TEST', '*')).reply).toContain('501 5.7.0');
    expect(scene.store.entries.size).toBe(0);
  });
});

describe('an identity', () => {
  it('is locked out when it has too many failures, wherever they come from: nothing is checked then', async () => {
    const scene = new Guesser();
    expect(await scene.wrongs(10, (i) => ['ann', elsewhere(i)])).toEqual(new Set([FAILED]));
    expect(scene.mechanism.checks).toBe(10);
    expect((await scene.wrong('ann', elsewhere(20))).reply).toBe(NOT_NOW);
    const locked = await scene.right('ann', elsewhere(21));
    expect(locked.reply).toBe(NOT_NOW);
    expect(locked.outcome?.reason).toBe('identity is locked out (ann)');
    expect(scene.mechanism.checks).toBe(10);
    expect((await scene.right('bob', elsewhere(21))).reply).toBe(SUCCESS);
  });

  it('is so whether or not it exists: who is locked out learns nothing but that', async () => {
    const heard = await Promise.all(
      ['ann', 'nobody'].map(async (name) => {
        const scene = new Guesser({ delay: '1s' });
        await scene.wrongs(10, (i) => [name, elsewhere(i)]);
        const { reply, ms } = await scene.wrong(name, elsewhere(20));
        return { reply, ms };
      }),
    );
    expect(heard[0]).toEqual({ reply: NOT_NOW, ms: 10_000 });
    expect(heard[1]).toEqual(heard[0]);
  });

  it('may try again after the lockout, which trying does not make longer', async () => {
    const scene = new Guesser();
    await scene.wrongs(10, (i) => ['ann', elsewhere(i)]);
    await scene.clock.advance(14 * MINUTE);
    expect((await scene.wrong('ann')).reply).toBe(NOT_NOW);
    await scene.clock.advance(MINUTE);
    expect(await scene.wrongs(10, (i) => ['ann', elsewhere(i)])).toEqual(new Set([FAILED]));
    expect((await scene.right('ann')).reply).toBe(NOT_NOW);
    await scene.clock.advance(15 * MINUTE);
    expect((await scene.right('ann')).reply).toBe(SUCCESS);
  });

  it('begins anew when its first failure is old', async () => {
    const scene = new Guesser();
    await scene.wrongs(9, (i) => ['ann', elsewhere(i)]);
    await scene.clock.advance(10 * MINUTE);
    expect(await scene.wrongs(10, (i) => ['ann', elsewhere(i)])).toEqual(new Set([FAILED]));
    expect((await scene.wrong('ann')).reply).toBe(NOT_NOW);
  });

  it('is one however it is spelt', async () => {
    const scene = new Guesser();
    const spellings = ['ann', 'ANN', 'Ann', ' ann', 'ann '];
    await scene.wrongs(10, (i) => [spellings[i % spellings.length] ?? '', elsewhere(i)]);
    expect((await scene.wrong('aNN')).reply).toBe(NOT_NOW);
  });

  it('is nobody else, whatever its name (attack A10)', async () => {
    const names = ['ann', 'ann\0', '__proto__', 'constructor', '["ann"]', 'ann","x', 'identity:ann', 'a'.repeat(9000)];
    const scene = new Guesser({ perIdentity: 1, perAddress: 0 });
    for (const name of names) expect((await scene.wrong(name)).reply).toBe(FAILED);
    for (const name of names) expect((await scene.wrong(name)).reply).toBe(NOT_NOW);
    expect(scene.store.entries.size).toBe(names.length);
    for (const key of scene.store.entries.keys()) expect(key).toMatch(/^verb-auth:1:identity:[\w-]{43}$/);
  });

  it('has no more guesses where they come at once', async () => {
    const scene = new Guesser();
    const guesses = Array.from({ length: 100 }, (_, i) => scene.wrong('ann', elsewhere(i)));
    const replies = (await Promise.all(guesses)).map(({ reply }) => reply);
    expect(scene.mechanism.checks).toBe(10);
    expect(replies.filter((reply) => reply === FAILED)).toHaveLength(10);
    expect(replies.filter((reply) => reply === NOT_NOW)).toHaveLength(90);
  });

  it('is not locked out by many connections that log in at once', async () => {
    const scene = new Guesser();
    for (let round = 0; round < 3; round++) {
      const heard = await Promise.all(Array.from({ length: 50 }, () => scene.right('ann')));
      expect(new Set(heard.map(({ reply }) => reply))).toEqual(new Set([SUCCESS]));
    }
  });

  it('is locked out at once when it has been so for a while', async () => {
    const scene = new Guesser();
    await scene.wrongs(10, (i) => ['ann', elsewhere(i)]);
    await scene.clock.advance(6000);
    const { reply, ms } = await scene.right('ann');
    expect([reply, ms]).toEqual([NOT_NOW, 0]);
  });

  it('has no failure less by a success elsewhere', async () => {
    const scene = new Guesser();
    await scene.wrongs(9, (i) => ['ann', elsewhere(i)]);
    expect((await scene.right('ann', '192.0.2.1')).reply).toBe(SUCCESS);
    expect((await scene.wrong('ann', elsewhere(9))).reply).toBe(FAILED);
    expect((await scene.wrong('ann', elsewhere(10))).reply).toBe(NOT_NOW);
  });
});

describe('an identity at a familiar address', () => {
  const HOME = '192.0.2.1';

  it('is not locked out by strangers', async () => {
    const scene = new Guesser();
    await scene.right('ann', HOME);
    await scene.wrongs(10, (i) => ['ann', elsewhere(i)]);
    expect((await scene.right('ann', elsewhere(20))).reply).toBe(NOT_NOW);
    expect((await scene.right('ann', HOME)).reply).toBe(SUCCESS);
    // The other identity has never been there.
    await scene.wrongs(10, (i) => ['bob', elsewhere(i)]);
    expect((await scene.right('bob', HOME)).reply).toBe(NOT_NOW);
  });

  it('has a count of its own there, which is as strict', async () => {
    const scene = new Guesser();
    await scene.right('ann', HOME);
    expect(await scene.wrongs(10, () => ['ann', HOME])).toEqual(new Set([FAILED]));
    expect((await scene.right('ann', HOME)).reply).toBe(NOT_NOW);
    expect((await scene.right('ann', elsewhere(1))).reply).toBe(SUCCESS);
  });

  it('is not locked out by an old password beside the right one', async () => {
    const scene = new Guesser();
    await scene.right('ann', HOME);
    for (let minute = 0; minute < 60; minute++) {
      expect((await scene.wrong('ann', HOME)).reply).toBe(FAILED);
      await scene.clock.advance(MINUTE / 2);
      if (minute % 5 === 0) expect((await scene.right('ann', HOME)).reply).toBe(SUCCESS);
      await scene.clock.advance(MINUTE / 2);
    }
  });

  it('is a stranger there again when it was not seen for long', async () => {
    const scene = new Guesser({ familiar: '1d' });
    await scene.right('ann', HOME);
    await scene.clock.advance(23 * 60 * MINUTE);
    await scene.right('ann', HOME);
    await scene.clock.advance(23 * 60 * MINUTE);
    await scene.wrongs(10, (i) => ['ann', elsewhere(i)]);
    expect((await scene.right('ann', HOME)).reply).toBe(SUCCESS);
    await scene.clock.advance(24 * 60 * MINUTE);
    await scene.wrongs(10, (i) => ['ann', elsewhere(i)]);
    expect((await scene.right('ann', HOME)).reply).toBe(NOT_NOW);
  });
});

describe('an address', () => {
  it('is locked out when it has too many failures, for whomever: nothing is checked then', async () => {
    const scene = new Guesser();
    expect(await scene.wrongs(20, (i) => [`user${i}`])).toEqual(new Set([FAILED]));
    const locked = await scene.right('ann');
    expect(locked.reply).toBe(NOT_NOW);
    expect(locked.outcome?.reason).toBe('address is locked out (ann)');
    expect(scene.mechanism.checks).toBe(20);
    expect((await scene.right('ann', '192.0.2.2')).reply).toBe(SUCCESS);
    await scene.clock.advance(15 * MINUTE);
    expect((await scene.right('ann')).reply).toBe(SUCCESS);
  });

  it('is a whole /64 of IPv6, and no more', async () => {
    const scene = new Guesser();
    await scene.wrongs(20, (i) => [`user${i}`, `2001:db8:0:1::${i.toString(16)}`]);
    expect((await scene.right('ann', '2001:db8:0:1:ffff:ffff:ffff:ffff')).reply).toBe(NOT_NOW);
    expect((await scene.right('ann', '2001:db8:0:2::1')).reply).toBe(SUCCESS);
  });

  it('has no failure less by the success of somebody who has an account there', async () => {
    const scene = new Guesser();
    for (let i = 0; i < 20; i++) {
      expect((await scene.wrong(`user${i}`)).reply).toBe(FAILED);
      if (i < 19) expect((await scene.right('eve')).reply).toBe(SUCCESS);
    }
    expect((await scene.right('eve')).reply).toBe(NOT_NOW);
  });

  it('that is locked out locks nobody else out', async () => {
    const scene = new Guesser();
    await scene.wrongs(100, (i) => [i < 20 ? `user${i}` : 'ann']);
    expect((await scene.right('ann', elsewhere(1))).reply).toBe(SUCCESS);
    // Not one of them was counted for her.
    expect(await scene.wrongs(10, (i) => ['ann', elsewhere(10 + i)])).toEqual(new Set([FAILED]));
  });

  it('does not try locked names for nothing', async () => {
    const scene = new Guesser();
    await scene.wrongs(10, (i) => ['ann', elsewhere(i)]);
    expect(await scene.wrongs(20, () => ['ann'])).toEqual(new Set([NOT_NOW]));
    expect((await scene.right('bob')).reply).toBe(NOT_NOW);
  });

  it('has no more guesses where they come at once', async () => {
    const scene = new Guesser();
    const heard = await Promise.all(Array.from({ length: 100 }, (_, i) => scene.wrong(`user${i}`)));
    expect(scene.mechanism.checks).toBe(20);
    expect(heard.filter(({ reply }) => reply === FAILED)).toHaveLength(20);
  });

  it('is nobody in particular where many people are behind it, and familiar to none of them', async () => {
    for (const [failures, address] of [
      [{ shared: ['192.0.2.0/24'] }, '192.0.2.1'],
      [{ perAddress: 0 }, '192.0.2.1'],
      [{}, ''],
    ] as const) {
      const scene = new Guesser(failures);
      await scene.right('ann', address);
      expect(await scene.wrongs(100, (i) => [`user${i}`, address])).toEqual(new Set([FAILED]));
      // A guess at ann each time that she herself is let in: they are counted all the same.
      const replies = new Set<string>();
      for (let i = 0; i < 11; i++) {
        await scene.right('ann', address);
        replies.add((await scene.wrong('ann', address)).reply);
      }
      expect(replies).toEqual(new Set([FAILED, NOT_NOW]));
    }
  });
});

describe('what is counted', () => {
  it('can be without one limit or the other', async () => {
    const scene = new Guesser({ perIdentity: 0, perAddress: 0 });
    expect(await scene.wrongs(50, () => ['ann'])).toEqual(new Set([FAILED]));
    expect(scene.store.entries.size).toBe(0);
  });

  it('is the address alone where no name is claimed', async () => {
    const failure: SaslStep = { type: 'failure', kind: 'credentials', reason: 'no' };
    const scene = new Scene(offering(scripted('X', claim('', failure))), { failures: { perSession: 0, delay: 0 } });
    for (let i = 0; i < 20; i++) {
      const { reply, outcome } = await scene.auth(scene.session(), 'X');
      expect([reply, outcome?.reason]).toEqual([FAILED, 'credentials: no']);
    }
    expect((await scene.auth(scene.session(), 'X')).reply).toBe(NOT_NOW);
    expect((await scene.auth(scene.session(elsewhere(1)), 'X')).reply).toBe(FAILED);
    expect([...scene.store.entries.keys()]).toEqual([
      'verb-auth:1:address:192.0.2.1/32',
      'verb-auth:1:address:198.51.100.1/32',
    ]);
  });

  it('is forgotten by the store when it does not count any more', async () => {
    const scene = new Guesser({ familiar: '1h' });
    await scene.wrongs(10, () => ['ann']);
    await scene.right('bob');
    await scene.clock.advance(60 * MINUTE);
    for (const { until } of scene.store.entries.values()) expect(until).toBeLessThanOrEqual(scene.clock.now());
  });

  it('is next to nothing after a success', async () => {
    const scene = new Guesser();
    await scene.right('ann');
    expect([...scene.store.entries.keys()]).toEqual([expect.stringMatching(/^verb-auth:1:familiar:[\w-]{43}$/)]);
  });

  it('is of all listeners that share a store, each by its own limits', async () => {
    const scene = new Guesser();
    await scene.wrongs(5, (i) => ['ann', elsewhere(i)]);
    const strict = new Guesser({ perIdentity: 5 }, scene);
    expect((await strict.right('ann')).reply).toBe(NOT_NOW);
    expect(strict.mechanism.checks).toBe(0);
    expect((await scene.right('ann')).reply).toBe(SUCCESS);
  });
});

describe('a store that fails', () => {
  it('lets nobody in, and nothing is checked (attack A26)', async () => {
    const scene = new Guesser();
    scene.store.fails = new Error('the disk is full');
    const { reply, error, outcome } = await scene.right('ann');
    expect(reply).toBe(NOT_NOW);
    expect(outcome).toBeUndefined();
    expect(String(error)).toBe("SmtpError: mechanism TEST can't be counted: the disk is full");
    expect(scene.mechanism.checks).toBe(0);
    scene.store.fails = undefined;
    expect((await scene.right('ann')).reply).toBe(SUCCESS);
  });

  it('lets nobody in whose attempt can not be taken back', async () => {
    const success = async (): Promise<SaslStep> => {
      scene.store.fails = new Error('the disk is full');
      return { type: 'success', name: 'ann' };
    };
    const scene: Scene = new Scene(offering(scripted('X', claim('ann', success))));
    const { reply, outcome } = await scene.auth(scene.session(), 'X');
    expect([reply, outcome]).toEqual([NOT_NOW, undefined]);
  });

  it('fails where it throws at once, or has something else under a key', async () => {
    const scene = new Guesser();
    scene.store.update = () => {
      throw new Error('closed');
    };
    expect((await scene.right('ann')).reply).toBe(NOT_NOW);
    const other = new Guesser();
    await other.wrong('ann');
    for (const [key, { until }] of other.store.entries)
      other.store.entries.set(key, { value: Buffer.from('x'), until });
    expect((await other.right('ann')).reply).toBe(NOT_NOW);
    expect(other.mechanism.checks).toBe(1);
  });
});

it('an attempt that nobody waits for any more comes to its end', async () => {
  const scene = new Guesser({ delay: '1s' });
  void scene.converse(scene.session(), `TEST ${base64('ann:wrong')}`, []);
  await settle(10);
  expect(scene.clock.pending).toBe(1);
  await scene.clock.advance(1000);
  expect(scene.clock.pending).toBe(0);
});

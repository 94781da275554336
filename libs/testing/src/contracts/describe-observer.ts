/** The contract suite of observers that write: what is true of all of them. Uses the globals of jest. */
import type { Observer } from '@mailverb/contract';
import { expectLines, HOSTILE_LINES } from './hostile-fields.js';
import { hostileScene, typicalScene, type Scene } from './observed-scene.js';
import { testSession } from './fixtures.js';

/** An observer, and what it wrote. */
export interface ObserverUnderTest {
  readonly observer: Observer;
  /** Everything written so far, as text; asked for several times. Leave it out for one that writes nothing. */
  output?(): string | Promise<string>;
  close?(): void | Promise<void>;
}

/** Makes a fresh observer that watches every session. */
export type ObserverFactory = () => ObserverUnderTest | Promise<ObserverUnderTest>;

/**
 * Tests an observer against its contract.
 * @param factory makes a fresh one; called for each test.
 */
export function describeObserver(name: string, factory: ObserverFactory): void {
  describe(`observer ${name} keeps the contract`, () => {
    /** Runs `use` with a fresh observer, which is closed whatever happens. */
    async function withObserver<T>(use: (made: ObserverUnderTest) => Promise<T>): Promise<T> {
      const made = await factory();
      try {
        return await use(made);
      } finally {
        await made.close?.();
      }
    }

    /** What it has written: complete lines without a control character (attack A6). */
    const written = async (made: ObserverUnderTest) => expectLines((await made.output?.()) ?? '');

    const tell = ({ observer }: ObserverUnderTest, scene: Scene) => {
      for (const event of scene) expect(event(observer)).toBeUndefined();
    };

    /** What it writes about these sessions. */
    function lines(...scenes: readonly Scene[]): Promise<readonly string[]> {
      return withObserver((made) => {
        for (const scene of scenes) tell(made, scene);
        return written(made);
      });
    }

    it('watches a session from its beginning to its end, and has as many lines for each like it', async () => {
      const once = await lines(typicalScene());
      const thrice = await lines(typicalScene('a'), typicalScene('b'), typicalScene('c'));
      expect(thrice.length).toBe(3 * once.length);
    });

    it('tells sessions apart that go on at once', async () => {
      const [one, two] = [typicalScene('one'), typicalScene('two')];
      const woven = one.flatMap((event, i) => [event, two[i] ?? event]);
      const apart = [...(await lines(one)), ...(await lines(two))];
      expect((await lines(woven)).toSorted()).toEqual(apart.toSorted());
    });

    it.each(HOSTILE_LINES)('writes no more lines whatever stands in them (attack A6): $title', async ({ text }) => {
      const typical = await lines(typicalScene());
      const hostile = await lines(hostileScene(text));
      expect(hostile.length).toBe(typical.length);
    });

    it('takes every event by itself, in any order, as a plugin may be added while sessions go on', async () => {
      for (const event of typicalScene()) await lines([event]);
      await lines(typicalScene().toReversed());
      await lines(typicalScene(), typicalScene());
    });

    it('takes what happens outside of any session', async () => {
      await lines([
        (observer) => observer.limitReached?.(undefined, 'connections'),
        (observer) => observer.faultCaught?.(undefined, 'observer x', new Error('broken')),
      ]);
    });

    it('takes anything for an error, as anything can be thrown', async () => {
      const broken = new Error('x');
      for (const part of ['stack', 'message', 'name']) {
        Object.defineProperty(broken, part, {
          get: () => {
            throw new Error('do not look');
          },
        });
      }
      const circle = new Error('around');
      circle.cause = circle;
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      for (const error of [undefined, null, 'text\n', 7n, Symbol('s'), {}, broken, circle, proxy, () => 1]) {
        await lines([(observer) => observer.faultCaught?.(testSession(), 'policy x', error)]);
      }
    });

    it('does not tell the secrets in an error (attack A23)', async () => {
      const error = Object.assign(new Error('login failed'), { password: 'hunter2', auth: { token: 'hunter2' } });
      const fault: Scene = [(observer) => observer.faultCaught?.(testSession(), 'policy x', error)];
      for (const line of await lines(typicalScene(), fault)) expect(line).not.toContain('hunter2');
    });

    it('keeps nothing of a session that is over', () =>
      withObserver(async (made) => {
        const session = testSession();
        tell(made, typicalScene('again', session));
        const once = await written(made);
        tell(made, typicalScene('again', session));
        expect(await written(made)).toEqual([...once, ...once]);
      }));
  });
}

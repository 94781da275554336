import { Logger, definePlugin, token, type Contribute } from '@mailverb/contract';
import { isPerListener, rehearse } from './contributions.js';

class Anything {
  readonly keyword = 'X';
}
const plugin = (register: (contribute: Contribute) => void) => definePlugin({ name: 'p', register });

describe('a rehearsal', () => {
  it('says what a plugin contributes, and builds nothing', () => {
    class Never {
      constructor() {
        throw new Error('built');
      }
    }
    const Mine = token<object>('spec:Mine');
    const seen = rehearse(
      plugin((contribute) => {
        contribute.policy('a', Never);
        contribute.transform('b', {});
        contribute.observer('c', {});
        contribute.extension(new Anything());
        contribute.extension(Anything);
        contribute.service(Mine, Never);
        contribute.onStart(() => undefined);
        contribute.onStop(() => undefined);
      }),
    );
    expect(seen).toEqual([
      { kind: 'policy', name: 'a' },
      { kind: 'transform', name: 'b' },
      { kind: 'observer', name: 'c' },
      { kind: 'extension', name: 'X' },
      { kind: 'extension', name: 'Anything' },
      { kind: 'service', name: 'spec:Mine' },
      { kind: 'hook', name: 'onStart' },
      { kind: 'hook', name: 'onStop' },
    ]);
    expect(isPerListener(seen)).toBe(true);
  });

  it('knows a logger by its token', () => {
    class SomeLogger {}
    const seen = rehearse(
      plugin((contribute) => {
        const logger = SomeLogger as unknown;
        contribute.service(Logger, logger as new () => Logger);
      }),
    );
    expect(seen).toEqual([{ kind: 'logger', name: 'Logger' }]);
    expect(isPerListener(seen)).toBe(false);
  });
});

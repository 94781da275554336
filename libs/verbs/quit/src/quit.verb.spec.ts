/** QUIT: goodbye. */
import { contributionsOf, describeVerb, testSession } from '@mailverb/testing';
import { QuitVerb } from './quit.verb.js';
import quitPlugin from './plugin.js';

const make = (): QuitVerb => new QuitVerb(testSession().listener);

describeVerb('quit', make, { refuses: ['now', '\ufeff', '\u00a0'] });

describe('QUIT', () => {
  it('says goodbye by name and closes', () => {
    const { reply, effect } = make().perform();
    expect(String(reply)).toBe('221 2.0.0 mx.test.example closing connection');
    expect(effect).toEqual({ type: 'close' });
  });

  it('takes no arguments', () => {
    expect(String(make().parse('now'))).toBe('501 5.5.4 Syntax: QUIT');
  });
});

it('is contributed by its manifest, and by nothing else', () => {
  expect(quitPlugin.name).toBe('verb-quit');
  expect(contributionsOf(quitPlugin)).toEqual([{ kind: 'verb', name: undefined, value: QuitVerb }]);
});

/** QUIT: goodbye. */
import { describeVerb, testSession } from '@mailverb/testing';
import { QuitVerb } from './quit.verb.js';

const make = (): QuitVerb => new QuitVerb(testSession().listener);

describeVerb('quit', make, { args: ['', '  '], refuses: ['now', ' x'] });

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

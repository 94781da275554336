import { replaceNested } from './nested.js';

const seen = async (options: unknown, pattern: string) => {
  const places: [string, unknown][] = [];
  const value = await replaceNested(options, pattern, 'delivery', async (found, path) => {
    places.push([path, found]);
    return Promise.resolve('replaced');
  });
  return { places, value };
};

describe('nested options', () => {
  it('finds a key', async () => {
    expect(await seen({ next: 'a', other: 'b' }, 'next')).toEqual({
      places: [['delivery.next', 'a']],
      value: { next: 'replaced', other: 'b' },
    });
  });

  it('finds a key in each element of a list', async () => {
    const options = { routes: [{ to: 'a' }, { domains: [] }, { to: { use: 'b' } }] };
    expect(await seen(options, 'routes[].to')).toEqual({
      places: [
        ['delivery.routes[0].to', 'a'],
        ['delivery.routes[2].to', { use: 'b' }],
      ],
      value: { routes: [{ to: 'replaced' }, { domains: [] }, { to: 'replaced' }] },
    });
  });

  it('finds the elements of a list, of lists of lists too', async () => {
    expect((await seen({ list: ['a', 'b'] }, 'list[]')).value).toEqual({ list: ['replaced', 'replaced'] });
    expect((await seen({ list: [['a'], []] }, 'list[][]')).value).toEqual({ list: [['replaced'], []] });
  });

  it.each([[{}], [{ routes: null }], [{ routes: 'a' }], [{ routes: [null, 7, 'a'] }], [undefined], ['a']])(
    'leaves %j to the plugin’s schema',
    async (options) => {
      expect(await seen(options, 'routes[].to')).toEqual({ places: [], value: options });
    },
  );

  it('changes nothing in place', async () => {
    const options = Object.freeze({ list: Object.freeze(['a']) });
    expect((await seen(options, 'list[]')).value).toEqual({ list: ['replaced'] });
    expect(options).toEqual({ list: ['a'] });
  });
});

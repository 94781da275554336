import { isPlugin, pluginsOf } from './module.js';

const one = { name: 'one', register() {} };
const two = { name: 'two', register() {} };

describe('the plugin of a module', () => {
  it.each<[string, unknown, unknown]>([
    ['the default export', { default: one, two }, [one]],
    ['the default export, a list', { default: [one, two] }, [one, two]],
    ['the only manifest among the named exports', { answer: 42, one }, [one]],
    ['one manifest under two names', { one, alias: one }, [one]],
    ['the default export that is also a named one', { default: one, one }, [one]],
    ['module.exports', { default: one, 'module.exports': one }, [one]],
    ['module.exports with one in it', { default: { one }, one }, [one]],
    ['a compiled CommonJS module', { default: { __esModule: true, default: one } }, [one]],
    ['a compiled CommonJS module with a named export', { default: { __esModule: true, one } }, [one]],
  ])('is %s', (_name, module, expected) => {
    expect(pluginsOf(module)).toEqual({ plugins: expected });
  });

  it.each<[string, unknown, RegExp]>([
    ['nothing', {}, /exports no plugin/],
    ['no module', undefined, /exports no plugin/],
    ['a class', { default: class {} }, /exports no plugin/],
    ['two named', { one, two }, /exports several plugins \(one, two\)/],
    ['an empty list', { default: [] }, /a list, but not of plugins/],
    ['a list with something else', { default: [one, 7] }, /a list, but not of plugins/],
  ])('is not %s', (_name, module, problem) => {
    expect(pluginsOf(module)).toEqual({ problem: expect.stringMatching(problem) as string });
  });

  it.each([null, undefined, 'one', { name: 'one' }, { name: 1, register() {} }, { register() {} }])(
    '%j is no manifest',
    (value) => expect(isPlugin(value)).toBe(false),
  );
});

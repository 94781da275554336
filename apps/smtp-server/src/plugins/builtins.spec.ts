import { BUILTIN_KINDS, builtinNames, findBuiltin } from './builtins.js';
import { rehearse } from './contributions.js';
import { pluginsOf } from './module.js';

const all = BUILTIN_KINDS.flatMap((kind) => builtinNames(kind).map((name) => ({ kind, name })));

describe('built-in plugins', () => {
  it.each(all)('$kind $name loads, and contributes a $kind', async ({ kind, name }) => {
    const found = pluginsOf(await findBuiltin(kind, name)?.load());
    if ('problem' in found) throw new Error(found.problem);
    expect(found.plugins).toHaveLength(1);
    const kinds = found.plugins.flatMap((plugin) => rehearse(plugin)).map((one) => one.kind);
    expect(kinds).toContain(kind);
  });

  it('have names that tell them apart, so that `plugins` can name any of them', () => {
    expect(new Set(builtinNames('plugin')).size).toBe(builtinNames('plugin').length);
  });

  it('are found by kind and name, and under `plugin` whatever their kind', () => {
    expect(findBuiltin('policy', 'recipients')).toMatchObject({ kind: 'policy', name: 'recipients' });
    expect(findBuiltin('delivery', 'recipients')).toBeUndefined();
    expect(findBuiltin('plugin', 'recipients')).toMatchObject({ kind: 'policy' });
    expect(findBuiltin('plugin', '__proto__')).toBeUndefined();
  });
});

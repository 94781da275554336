/** What is wrong with options, in words that help: where, what stood there, what was meant, and no secrets. */
import { z } from 'zod';
import { formatIssue, type Issue } from './plan.js';
import { join, validate } from './validate.js';

const schema = z.strictObject({
  host: z.string(),
  port: z.int().min(1).default(25),
  mode: z.enum(['required', 'optional', 'never']).default('optional'),
  users: z.array(z.strictObject({ name: z.string(), password: z.string().min(8) })).default([]),
  tokens: z.array(z.string().min(8)).default([]),
  route: z.union([z.literal('local'), z.strictObject({ domains: z.array(z.string()) })]).default('local'),
});

async function wrong(
  value: unknown,
  base = 'listeners[0].delivery',
  by: Parameters<typeof validate>[0] | 'none' = schema,
) {
  const issues: Issue[] = [];
  const result = await validate(by === 'none' ? undefined : by, value, base, issues);
  if (by !== 'none') expect(issues.length > 0 && result !== undefined).toBe(false);
  return issues.map(formatIssue);
}

describe('validate', () => {
  it('gives what the schema gives', async () => {
    const issues: Issue[] = [];
    expect(await validate(schema, { host: 'x' }, '', issues)).toEqual({
      host: 'x',
      port: 25,
      mode: 'optional',
      users: [],
      tokens: [],
      route: 'local',
    });
    expect(issues).toEqual([]);
  });

  it.each<[string, unknown, string | RegExp]>([
    ['a key that is missing', {}, /^listeners\[0\]\.delivery\.host: expected string \(it is missing\)$/],
    [
      'a value of the wrong type',
      { host: 7 },
      /^listeners\[0\]\.delivery\.host: invalid input: expected string.* \(it is 7\)$/,
    ],
    ['a value out of its range', { host: 'x', port: 0 }, /\.port: too small.* \(it is 0\)$/],
    [
      'a key that nobody knows, near one that is',
      { host: 'x', prot: 7 },
      'listeners[0].delivery.prot: unknown option; known are host, port, mode, users, tokens, route; did you mean "port"?',
    ],
    [
      'a key that nobody knows, far from all',
      { host: 'x', xyzzyplugh: 7 },
      'listeners[0].delivery.xyzzyplugh: unknown option; known are host, port, mode, users, tokens, route',
    ],
    [
      'a choice that is none',
      { host: 'x', mode: 'requierd' },
      /\.mode: .* \(it is "requierd"\); did you mean "required"\?$/,
    ],
    [
      'a key within a list',
      {
        host: 'x',
        users: [
          { name: 'a', password: 'long enough' },
          { nam: 'b', password: 'long enough' },
        ],
      },
      /^listeners\[0\]\.delivery\.users\[1\]\.name: .*missing/,
    ],
    ['a key within a choice of objects', { host: 'x', route: { domain: [] } }, /^listeners\[0\]\.delivery\.route/],
    ['nothing at all', undefined, /^listeners\[0\]\.delivery: .*object.* \(it is missing\)$/],
    ['a list', [], /^listeners\[0\]\.delivery: invalid input: expected object/],
  ])('tells %s', async (_, value, expected) => {
    const [first] = await wrong(value);
    if (typeof expected === 'string') expect(first).toBe(expected);
    else expect(first).toMatch(expected);
  });

  it('tells all of it', async () => {
    expect(await wrong({ port: 'x', mode: 'y', z: 1 })).toHaveLength(4);
  });

  it('shows no secret, wherever it stands, and no more than fits a line', async () => {
    const told = await wrong({
      host: 'x'.repeat(500),
      users: [{ name: 'a', password: 'hunter2' }],
      tokens: ['hunter2'],
    });
    expect(told).toHaveLength(2);
    expect(told.join()).not.toContain('hunter2');
    const [long] = await wrong({ host: 'x', mode: 'y'.repeat(500) });
    expect(long).toContain(`"${'y'.repeat(77)}..."`);
  });

  it('knows that a plugin without options has none', async () => {
    expect(await wrong({ a: 1, b: 2 }, 'plugins[0]', 'none')).toEqual([
      'plugins[0].a: unknown option: there are none here',
      'plugins[0].b: unknown option: there are none here',
    ]);
    expect(await wrong({}, '', 'none')).toEqual([]);
    expect(await wrong(undefined, '', 'none')).toEqual([]);
  });

  it('takes any Standard Schema, also one that has no JSON form', async () => {
    const issue = { message: 'Too hot', path: ['a', { key: 0 }] };
    for (const jsonSchema of [undefined, { input: () => JSON.parse('broken') as unknown }]) {
      const other = { '~standard': { validate: async () => ({ issues: [issue] }), jsonSchema } };
      expect(await wrong({ a: ['x'] }, '', other)).toEqual(['a[0]: too hot (it is "x")']);
    }
  });
});

describe('join', () => {
  it('writes a path as people do', () => {
    expect(join('', [])).toBe('');
    expect(join('', ['a', 0, 'b'])).toBe('a[0].b');
    expect(join('listeners[1]', ['plugins', 2])).toBe('listeners[1].plugins[2]');
  });
});

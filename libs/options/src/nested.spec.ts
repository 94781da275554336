import { definePlugin, use } from '@mailverb/contract';
import { z } from 'zod';
import { nestedDelivery, nestedPolicy } from './nested.js';

const plugin = definePlugin({ name: 'policy-any', register: () => undefined });

describe.each([
  ['nestedDelivery', nestedDelivery(), 'delivery'],
  ['nestedPolicy', nestedPolicy(), 'policy'],
])('%s', (_, schema, kind) => {
  it('lets through as it is what the host will replace', () => {
    const value = use(plugin);
    expect(z.strictObject({ to: schema }).parse({ to: value }).to).toBe(value);
  });

  it.each([undefined, null])('refuses %p and names the kind', (value) => {
    expect(schema.safeParse(value).error?.issues[0]?.message).toContain(kind);
  });

  it('tells its kind to whoever makes a JSON Schema', () => {
    expect(schema.meta()).toMatchObject({ mailverb: kind });
  });
});

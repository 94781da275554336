import { join } from 'node:path';
import { use } from '@mailverb/contract';
import {
  acceptEverybody,
  contributionsOf,
  describeConversations,
  describePolicy,
  listenerSettings,
  plainVerbs,
  testMailbox,
  testServer,
  testSession,
} from '@mailverb/testing';
import { rateLimitOptions } from './rate-limit.options.js';
import { RateLimitPolicy } from './rate-limit.policy.js';
import { rateLimitPlugin } from './plugin.js';

const deny = ['bad.example', 'ann@example.org'];

const make = (options: object = {}): RateLimitPolicy => new RateLimitPolicy(rateLimitOptions.parse(options));

describePolicy('rate-limit', () => make({ deny }), {
  stages: ['mail'],
  addresses: ['ann@example.org', 'x@bad.example'],
});

describeConversations(join(__dirname, '../conversations'), (conversation, transport) => {
  const { listener, others } = listenerSettings(conversation);
  for (const name of others.keys()) throw new Error(`unknown setting ${name}`);
  const plugins = [plainVerbs(), acceptEverybody(), use(rateLimitPlugin, { deny })];
  return testServer({ plugins, transport, ...listener });
});

describe('rate-limit', () => {
  const heard = (policy: RateLimitPolicy, sender: string | null): string =>
    policy.mail({
      session: testSession(),
      reversePath: sender === null ? null : testMailbox(sender),
      parameters: {},
    }).kind;

  it.each([
    ['ann@example.org', 'reject'],
    ['anybody@bad.example', 'reject'],
    ['bob@example.org', 'pass'],
    [null, 'pass'],
  ])('%s: %s', (sender, expected) => {
    expect(heard(make({ deny }), sender)).toBe(expected);
  });

  it('refuses nobody if nothing is said', () => {
    expect(heard(make(), 'ann@example.org')).toBe('pass');
  });

  it('refuses options that it does not know, and what is no address', () => {
    expect(rateLimitOptions.safeParse({ denied: [] }).success).toBe(false);
    expect(rateLimitOptions.safeParse({ deny: ['a b'] }).success).toBe(false);
  });
});

it('is contributed by its manifest, and by nothing else', () => {
  const expected = { kind: 'policy', name: 'rate-limit', value: RateLimitPolicy };
  expect(contributionsOf(rateLimitPlugin)).toEqual([expected]);
});

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
import { greylistOptions } from './greylist.options.js';
import { GreylistPolicy } from './greylist.policy.js';
import { greylistPlugin } from './plugin.js';

const deny = ['bad.example', 'ann@example.org'];

const make = (options: object = {}): GreylistPolicy => new GreylistPolicy(greylistOptions.parse(options));

describePolicy('greylist', () => make({ deny }), { stages: ['mail'], addresses: ['ann@example.org', 'x@bad.example'] });

describeConversations(join(__dirname, '../conversations'), (conversation, transport) => {
  const { listener, others } = listenerSettings(conversation);
  for (const name of others.keys()) throw new Error(`unknown setting ${name}`);
  const plugins = [plainVerbs(), acceptEverybody(), use(greylistPlugin, { deny })];
  return testServer({ plugins, transport, ...listener });
});

describe('greylist', () => {
  const heard = (policy: GreylistPolicy, sender: string | null): string =>
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
    expect(greylistOptions.safeParse({ denied: [] }).success).toBe(false);
    expect(greylistOptions.safeParse({ deny: ['a b'] }).success).toBe(false);
  });
});

it('is contributed by its manifest, and by nothing else', () => {
  const expected = { kind: 'policy', name: 'greylist', value: GreylistPolicy };
  expect(contributionsOf(greylistPlugin)).toEqual([expected]);
});

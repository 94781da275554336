import fc from 'fast-check';
import { testEnvelope, testListener, testMailbox, testRecipient, testSession } from '@mailverb/testing';
import { z } from 'zod';
import { TargetTemplate, targetTemplate, type TargetFacts } from './target-template.js';

const facts = (overrides: Partial<TargetFacts> = {}): TargetFacts => ({
  recipient: testRecipient('Ann@Sub.Example.ORG'),
  envelope: testEnvelope({ reversePath: testMailbox('me@example.net') }),
  session: testSession({ listener: testListener({ name: 'mx' }), identity: { name: 'bob', mechanism: 'PLAIN' } }),
  ...overrides,
});
const rendered = (template: string, some?: TargetFacts) => TargetTemplate.parse(template).render(some ?? facts());
/** Anything as a domain: what the grammar would refuse, too. */
const withDomain = (domain: string): TargetFacts =>
  facts({ recipient: { mailbox: { ...testMailbox('a@b'), domain }, parameters: {} } });

it('puts values in the place of their names', () => {
  expect(rendered('mail.{listener}.{domain}.{local}')).toBe('mail.mx.sub_example_org.Ann');
  expect(rendered('{senderDomain}/{identity}/{server}')).toBe('example_net/bob/mx_test_example');
  expect(rendered('queue')).toBe('queue');
  expect(rendered('')).toBe('');
});

it('has a word for what is not there, and no value is that word', () => {
  const nobody = facts({ envelope: testEnvelope({ reversePath: null }), session: testSession() });
  expect(rendered('{senderDomain}.{identity}', nobody)).toBe('-.-');
  expect(rendered('{domain}', withDomain('-'))).toBe('%2D');
});

it.each([
  ['*', '%2A'],
  ['>', '%3E'],
  ['#', '%23'],
  ['a.*', 'a_%2A'],
  ['a b\r\n', 'a%20b%0D%0A'],
  ['a_b', 'a%5Fb'],
  ['%2a', '%252a'],
  ['b\u00fccher', 'b%C3%BCcher'],
  ['[192.0.2.1]', '%5B192_0_2_1%5D'],
])('the domain %j is %s: it stays within its word', (domain, word) => {
  expect(rendered('mail.{domain}', withDomain(domain))).toBe(`mail.${word}`);
});

it('no value leaves its word, or is written as another is', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 20 }).map((value) => value.toLowerCase());
  fc.assert(
    fc.property(text, text, (a, b) => {
      const [one, other] = [rendered('{domain}', withDomain(a)), rendered('{domain}', withDomain(b))];
      expect(one).toMatch(/^[A-Za-z0-9_%-]+$/);
      expect(one === other).toBe(a === b);
    }),
  );
});

it('gives nothing where it would be too long', () => {
  expect(rendered('{domain}', withDomain('x'.repeat(255)))).toHaveLength(255);
  expect(rendered('{domain}', withDomain('x'.repeat(256)))).toBeUndefined();
});

it.each(['mail.*', 'mail.>', '#', 'a b', '{', '{domain', '{nobody}', '{__proto__}', '}', '$SYS.x', 'a\nb'])(
  '%j is no template',
  (template) => {
    expect(() => TargetTemplate.parse(template)).toThrow(/expected/);
    expect(targetTemplate().safeParse(template).success).toBe(false);
  },
);

it('is an option', () => {
  const { target } = z.strictObject({ target: targetTemplate().prefault('mail') }).parse({});
  expect(target.text).toBe('mail');
});

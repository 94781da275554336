/**
 * Attack A17, Haraka issue 1751, OpenSMTPD issue 754: no way to write a recipient makes the server take mail for somebody else's domain,
 * in whatever order the policies stand and whichever is missing. Also attack A7, CVE-2025-13033.
 */
import { accept, definePlugin, pass, use, type PluginUse } from '@mailverb/contract';
import { recipientsPlugin } from '@mailverb/policy-recipients';
import { relayControlPlugin } from '@mailverb/policy-relay-control';
import { everything, withPolicies } from './assembly.js';

const OURS = 'example.org';
const THEIRS = 'elsewhere.example';

/** Ways to write a recipient that some server somewhere has taken for one at {@link THEIRS}. */
const FOREIGN: readonly string[] = [
  `user@${THEIRS}`,
  `user@${THEIRS.toUpperCase()}`,
  `user@${OURS}.${THEIRS}`,
  `user@not${OURS}`,
  `user@${THEIRS}.`,
  `user@${OURS}@${THEIRS}`,
  `user@${THEIRS}@${OURS}`,
  `"user@${OURS}"@${THEIRS}`,
  `"user@${THEIRS}"@${OURS}`,
  `"user@${THEIRS}\\"@${OURS}`,
  `"user\\@${THEIRS}"@${OURS}`,
  `user%${THEIRS}@${OURS}`,
  `"user%${THEIRS}"@${OURS}`,
  `user%${THEIRS}`,
  `${THEIRS}!user@${OURS}`,
  `"${THEIRS}!user"@${OURS}`,
  `${THEIRS}!user`,
  `@${OURS}:user@${THEIRS}`,
  `@${OURS},@${OURS}:user@${THEIRS}`,
  `@${OURS},@${THEIRS}:user%${THEIRS}@${OURS}`,
  `@${OURS}:${THEIRS}!user@${OURS}`,
  `${OURS}:user@${THEIRS}`,
  `user@[${OURS}]`,
  'user@[192.0.2.25]',
  'user@[127.0.0.1]',
  'user@[IPv6:::1]',
  'user@127.0.0.1',
  'user@localhost',
  'user@',
  '@',
  'user',
  '',
  `user@${OURS},other@${THEIRS}`,
  `user@${OURS} other@${THEIRS}`,
  `user@${OURS};other@${THEIRS}`,
  `user@(${OURS})${THEIRS}`,
  `user@${THEIRS}(${OURS})`,
  `user@${THEIRS}#${OURS}`,
  `user@${THEIRS}/${OURS}`,
  `user@${OURS}%00${THEIRS}`,
  `<user@${OURS}>@${THEIRS}`,
  `user@${OURS}>@${THEIRS}`,
  `user@${OURS}\u3002${THEIRS}`,
  `user@\u0435xample.org`,
];

const recipients = use(recipientsPlugin, { domains: [OURS] });
const relay = use(relayControlPlugin, { networks: ['203.0.113.0/24'] });
const onlyMail: PluginUse = use(
  definePlugin({
    name: 'policy-only-mail',
    // Vouching at other stages is no vouching for a recipient.
    register: (contribute) =>
      contribute.policy('only-mail', {
        connect: () => accept(),
        helo: () => accept(),
        mail: () => accept(),
        rcpt: () => pass(),
      }),
  }),
);

const ASSEMBLIES: readonly { readonly name: string; readonly policies: readonly PluginUse[] }[] = [
  { name: 'recipients alone', policies: [recipients] },
  { name: 'recipients, then relay-control', policies: [recipients, relay] },
  { name: 'relay-control, then recipients', policies: [relay, recipients] },
  { name: 'relay-control alone', policies: [relay] },
  { name: 'nobody at all', policies: [] },
  { name: 'who accepts at every stage but rcpt', policies: [onlyMail] },
  { name: 'recipients in rehearsal', policies: [{ ...recipients, mode: 'dry-run' }] },
];

describe.each(ASSEMBLIES)('A17 with $name', ({ policies }) => {
  it.each(['EHLO', 'HELO'])('takes no recipient of another domain after %s', async (greeting) => {
    const server = await everything({
      plugins: withPolicies(...policies),
      limits: { errors: 10_000, unknownCommands: 1000 },
    });
    const client = server.client();
    await client.reply();
    await client.command(`${greeting} ${OURS}`);
    const taken: string[] = [];
    for (const sender of ['', `user@${OURS}`, `user@${THEIRS}`]) {
      expect((await client.command(`MAIL FROM:<${sender}>${greeting === 'EHLO' ? ' SMTPUTF8' : ''}`)).code).toBe(250);
      for (const recipient of FOREIGN) {
        const { code } = await client.command(`RCPT TO:<${recipient}>`);
        if (code < 400) taken.push(recipient);
      }
      expect((await client.command('DATA')).code).toBe(503);
      expect((await client.command('RSET')).code).toBe(250);
    }
    expect(taken).toEqual([]);
    await server.stop();
  });
});

it('A17: relaying is for the networks that were named, and for no others that look like them', async () => {
  const server = await everything({ plugins: withPolicies(recipients, relay) });
  const codes: Record<string, number> = {};
  for (const remoteAddress of ['203.0.113.9', '203.0.112.9', '203.0.11.3', '20.30.113.9', '2001:db8::203', '']) {
    const client = server.client({ remoteAddress });
    await client.reply();
    await client.commands('EHLO client.example.net', 'MAIL FROM:<sender@example.net>');
    codes[remoteAddress] = (await client.command(`RCPT TO:<user@${THEIRS}>`)).code;
  }
  expect(codes).toEqual({
    '203.0.113.9': 250,
    '203.0.112.9': 550,
    '203.0.11.3': 550,
    '20.30.113.9': 550,
    '2001:db8::203': 550,
    '': 550,
  });
  await server.stop();
});

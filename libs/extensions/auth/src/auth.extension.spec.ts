/** The keyword AUTH, and the parameter of MAIL. */
import type { Mechanisms, SaslMechanism, Session } from '@mailverb/contract';
import { contributionsOf, describeExtension, testSession, testTls } from '@mailverb/testing';
import { AuthExtension } from './auth.extension.js';
import authExtensionPlugin from './plugin.js';

const mechanism = (name: string): SaslMechanism => ({
  name,
  begin() {
    throw new Error('nobody begins here');
  },
});

/** As the core's: with TLS, until the client has proved who it is. */
const MECHANISMS: Mechanisms = {
  offered: ({ tls, identity }) =>
    tls === undefined || identity !== undefined ? [] : ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256', 'PLAIN'].map(mechanism),
  wantsTls: ({ tls }) => tls === undefined,
};

const make = (): AuthExtension => new AuthExtension(MECHANISMS);

const plain = testSession({ phase: 'greeted' });
const secure = testSession({ phase: 'greeted', tls: testTls() });
const known = testSession({ phase: 'greeted', tls: testTls(), identity: { name: 'ann', mechanism: 'PLAIN' } });

const LONGEST = 'a'.repeat(494);

describeExtension('AUTH', make, {
  sessions: () => [known],
  parameters: {
    'MAIL AUTH': {
      takes: [
        ['<>', '<>'],
        ['ann@example.org', 'ann@example.org'],
        ['e+3Dmc2@example.com', 'e=mc2@example.com'],
        ['+22a+20b+22@example.org', '"a b"@example.org'],
        ['+3C+3E', '<>'],
        [LONGEST, LONGEST],
      ],
      refuses: [undefined, '', 'a=b', 'a b', '+', '+3d', '+0D+0A', 'j\u00f6rg@example.org', `${LONGEST}a`],
    },
  },
});

describe('AUTH', () => {
  const read = (value: string, session: Session): string => String(make().parameters[0]?.parse(value, session));

  it('tells the mechanisms in their order, where there are any', () => {
    expect(make().argument(secure)).toBe('SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN');
    expect(make().argument(plain)).toBe(false);
    expect(make().argument(known)).toBe(false);
  });

  it('believes who has submitted a message only from somebody who has proved who it is (RFC 4954 5)', () => {
    expect(read('boss@example.org', known)).toBe('boss@example.org');
    for (const session of [plain, secure]) {
      expect(read('boss@example.org', session)).toBe('<>');
      expect(read('<>', session)).toBe('<>');
      expect(read('a=b', session)).toContain('501 5.5.4');
    }
  });
});

it('is contributed by its manifest, and by nothing else', () => {
  expect(authExtensionPlugin.name).toBe('extension-auth');
  expect(contributionsOf(authExtensionPlugin)).toEqual([{ kind: 'extension', name: undefined, value: AuthExtension }]);
});

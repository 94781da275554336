/** Deliveries that must be encrypted, to a server that is to be known (attack A5), and to log in there. For the contract suite of remote deliveries. */
import type { PeerFault, PeerOptions, PeerReplies, PeerTls } from '../peer/peer-options.js';
import type { ScriptedPeer } from '../peer/scripted-peer.js';
import { expectClass, type RemoteSuite, type RemoteTarget } from './remote-suite.js';

const REQUIRED: Partial<RemoteTarget> = { tls: 'required' };
const CREDENTIALS = { username: 'ann', password: 'tanstaaf' };

export function describeRemoteTls(suite: RemoteSuite): void {
  const keywords = [...suite.keywords, 'STARTTLS'];

  suite.test(
    'delivers',
    { keywords },
    async (under) => {
      expectClass(await under.send(), 2);
      expectClass(await under.send(), 2);
      expect(under.peer.messages.map(({ encrypted }) => encrypted)).toEqual([true, true]);
    },
    REQUIRED,
  );

  const broken: readonly PeerTls[] = ['untrusted', 'other-name', 'expired', 'garbage'];
  for (const tls of broken) {
    suite.test(
      `says nothing to a peer whose TLS is ${tls}`,
      { keywords, tls },
      async (under) => {
        expectClass(await under.send(), 4);
        expectNothingSaid(under.peer);
      },
      REQUIRED,
    );
  }

  suite.test(
    'takes nothing that was said in clear for an answer (attack A4)',
    { keywords, tls: 'injected' },
    async (under) => {
      expectClass(await under.send(), 2, 4);
      expectNothingSaid(under.peer);
    },
    REQUIRED,
  );

  const faults: readonly PeerFault[] = [
    { at: 'starttls', what: 'close' },
    { at: 'starttls', what: 'reset' },
    { at: 'starttls', what: 'stall' },
    { at: 'starttls', what: { instead: 'what?\r\n' } },
    { at: 'handshake', what: 'close' },
    { at: 'handshake', what: 'reset' },
    { at: 'handshake', what: 'stall' },
    { at: 'mail', what: 'reset' },
    { at: 'final', what: 'close' },
  ];
  for (const fault of faults) {
    suite.test(
      `survives ${JSON.stringify(fault)}`,
      { keywords, fault },
      async (under) => {
        expectClass(await under.send(), 4);
        expectNothingSaid(under.peer);
        under.peer.fault = undefined;
        expectClass(await under.send(), 2);
      },
      REQUIRED,
    );
  }

  const refusals: readonly (readonly [what: string, peer: PeerOptions])[] = [
    ['will not now', { keywords, replies: { starttls: '454 4.7.0 not now' } }],
    ['will not', { keywords, replies: { starttls: '554 5.7.0 no' } }],
    ['does not offer it', { keywords: suite.keywords }],
  ];
  for (const [what, peer] of refusals) {
    suite.test(
      `says nothing to a peer that ${what}`,
      peer,
      async (under) => {
        expectClass(await under.send(), 4, 5);
        expectNothingSaid(under.peer);
      },
      REQUIRED,
    );
  }

  if (suite.options.auth === true) describeAuth(suite);
}

/** Of the mail, in clear. */
function expectNothingSaid(peer: ScriptedPeer): void {
  const said = peer.commands.filter(({ encrypted, line }) => !encrypted && /^(?:MAIL|RCPT|DATA|BDAT|AUTH)/i.test(line));
  expect(said).toEqual([]);
}

function describeAuth(suite: RemoteSuite): void {
  const keywords = [...suite.keywords, 'STARTTLS', 'AUTH PLAIN LOGIN'];
  const target: Partial<RemoteTarget> = { tls: 'required', credentials: CREDENTIALS };

  for (const mechanisms of ['PLAIN', 'LOGIN', 'X-NONE PLAIN']) {
    const offered = [...suite.keywords, 'STARTTLS', `AUTH ${mechanisms}`];
    suite.test(
      `logs in by ${mechanisms}`,
      { keywords: offered },
      async (under) => {
        expectClass(await under.send(), 2);
        expect(under.peer.messages.map(({ login }) => login)).toEqual([CREDENTIALS.username]);
        expect(under.peer.logins).toMatchObject([{ encrypted: true, ...CREDENTIALS }]);
      },
      target,
    );
  }

  const refusals: readonly (readonly [said: string, ...classes: readonly number[]])[] = [
    ['535 5.7.8 no', 4, 5],
    ['454 4.7.0 not now', 4],
    ['421 4.3.2 not now', 4],
  ];
  for (const [said, ...classes] of refusals) {
    const replies: PeerReplies = { auth: said };
    suite.test(
      `sends nothing where it is not let in (${said})`,
      { keywords, replies },
      async (under) => {
        expectClass(await under.send(), ...classes);
        expect(under.peer.messages).toEqual([]);
      },
      target,
    );
  }

  suite.test(
    'sends nothing where nobody can log in',
    { keywords: [...suite.keywords, 'STARTTLS'] },
    async (under) => {
      expectClass(await under.send(), 4, 5);
      expect(under.peer.messages).toEqual([]);
    },
    target,
  );

  suite.it('survives a peer that fails while it logs in', async () => {
    const troubles = ['close', 'reset', 'stall', { instead: '334 !\r\n' }, { instead: 'what?\r\n' }] as const;
    const cases = troubles.map((what) => [JSON.stringify(what), { keywords, fault: { at: 'auth', what } }] as const);
    await suite.eachFault(cases, [4], target);
  });
}

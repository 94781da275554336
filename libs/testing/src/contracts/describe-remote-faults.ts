/** Whatever can happen to a connection, and whatever a peer can say that is no reply. For the contract suite of remote deliveries. */
import { settle } from '../event-loop.js';
import type { PeerFault, PeerOptions, PeerStep, PeerTrouble } from '../peer/peer-options.js';
import { RemoteSuite, expectClass, faultAt, someMessage } from './remote-suite.js';

/** More than the buffers of a connection hold. */
const LARGE = 'x'.repeat(62).concat('\r\n').repeat(200_000);
/** More than one piece, and quick. */
const MIDDLE = LARGE.slice(0, 64 * 5000);

type Case = readonly [what: string, peer: PeerOptions];

export function describeRemoteFaults(suite: RemoteSuite): void {
  const steps: readonly PeerStep[] = [
    'greeting',
    'hello',
    'mail',
    'rcpt',
    ...(chunks(suite) ? [] : (['data'] as const)),
    'body',
    'final',
    'accepted',
  ];
  const each = (all: readonly PeerStep[], ...troubles: readonly PeerTrouble[]): readonly Case[] =>
    all.flatMap((at) => troubles.map((what): Case => [`${JSON.stringify(what)} at ${at}`, faultAt({ at, what })]));
  const answered = steps.filter((step) => step !== 'body' && step !== 'accepted');

  suite.test('that refuses connections', { listening: false }, async (under) => {
    expectClass(await under.send(), 4);
    await under.peer.listen();
    expectClass(await under.send(), 2);
  });

  for (const what of ['close', 'reset'] as const) {
    for (const at of steps) {
      suite.test(`that is gone (${what}) at ${at}`, faultAt({ at, what }), async (under) => {
        expectClass(await under.send(), 4);
        under.peer.fault = undefined;
        expectClass(await under.send(), 2);
      });
    }
  }

  describeCuts(suite);

  suite.it('that says nothing, at whichever step', () => suite.eachFault(each(steps, 'stall'), [4]));

  suite.it('that does not even read', () =>
    suite.eachFault(each(['greeting', 'mail', 'body'], 'deaf'), [4], {}, () => someMessage(LARGE)),
  );

  suite.it('that is slow', async () => {
    const pause = { pause: Math.floor(suite.timeoutMs / 4) };
    await suite.eachFault(each([...answered, 'body'], pause), [2], {}, () => someMessage(MIDDLE));
  });

  suite.it('that sends replies an octet at a time', () => suite.eachFault(each(answered, 'bytewise'), [2]));

  suite.it('that sends replies without end', () =>
    suite.eachFault(each(answered, 'endless-lines', 'endless-line'), [4]),
  );

  suite.it('that sends what is no reply', async () => {
    const nonsense = [
      'what?\r\n',
      '25\r\n',
      '\r\n',
      '\0\xff\xfe\r\n',
      '999 no such class\r\n',
      'HTTP/1.1 400 Bad Request\r\n',
    ];
    await suite.eachFault(each(answered, ...nonsense.map((instead) => ({ instead }))), [4]);
    // One reply that says two things may be taken for either, and never for a yes.
    await suite.eachFault(each(answered, { instead: '250-yes\r\n550 no\r\n' }), [4, 5]);
  });

  suite.it('that sends replies that nobody has asked for', async () => {
    const behind = each(
      answered.filter((step) => step !== 'final'),
      { behind: '250 2.0.0 kept\r\n' },
    );
    const refused = { replies: { final: '554 5.0.0 no' } };
    await suite.eachFault(
      behind.map(([what, peer]): Case => [what, { ...peer, ...refused }]),
      [4, 5],
    );
  });

  suite.it('that gives up in the middle of the data', async () => {
    const fault: PeerFault = { at: 'body', what: { instead: '421 4.3.2 shutting down\r\n' } };
    await suite.eachFault([['421', { fault }]], [4], {}, () => someMessage(LARGE));
  });

  describeIdle(suite);
}

/** One message, and the connection is not kept open by the peer. */
function describeIdle(suite: RemoteSuite): void {
  const idle: readonly PeerTrouble[] = ['close', 'reset', { instead: '421 4.4.2 too long\r\n' }];
  for (const what of idle) {
    suite.test(`that ends the connection between two messages (${JSON.stringify(what)})`, {}, async (under) => {
      under.peer.fault = { at: 'idle', what, times: 1 };
      expectClass(await under.send(), 2);
      // It is known by then.
      await settle(20);
      expectClass(await under.send(), 2);
    });
  }

  suite.test('that is gone at the second message on a connection', {}, async (under) => {
    expectClass(await under.send(), 2);
    under.peer.fault = { at: 'mail', what: 'reset', times: 1 };
    expectClass(await under.send(), 2, 4);
    expectClass(await under.send(), 2);
  });
}

/** A short dialogue is cut after each of its octets: there is a moment of which the client can't know what became of the message, and it is the last. */
function describeCuts(suite: RemoteSuite): void {
  for (const direction of ['received', 'sent'] as const) {
    const title = `that is gone after any number of octets that it has ${direction}`;
    const run = async () => {
      let total = 0;
      await suite.under({}, async (under) => {
        expectClass(await under.send(), 2);
        total = under.peer.octets[direction];
      });
      for (let octets = 0; octets <= total; octets++) {
        const at = direction === 'received' ? { received: octets } : { sent: octets };
        const classes = octets === total ? [2, 4] : [4];
        await suite.eachFault([[`${octets} of ${total}`, faultAt({ at, what: 'reset' })]], classes);
      }
    };
    suite.it(title, run);
  }
}

function chunks(suite: RemoteSuite): boolean {
  return suite.keywords.includes('CHUNKING');
}

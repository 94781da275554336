/** The contract suite of remote deliveries finds what is wrong with one. */
import { failuresOf } from './collect-failures.js';
import { describeRemoteDelivery, type DescribeRemoteDeliveryOptions } from './describe-remote-delivery.js';
import { TinyRemote, type Flaws } from './tiny-remote.fixture.js';

describeRemoteDelivery('a small client', (target) => new TinyRemote(target), { auth: true });
describeRemoteDelivery('a small LMTP client', (target) => new TinyRemote(target), { protocol: 'lmtp', tls: false });
describeRemoteDelivery('a client of a server that offers little', (target) => new TinyRemote(target), {
  keywords: [],
  tls: false,
});

/** True if this test of the suite fails for a client with this flaw. The others are not run: they take their time. */
async function isFound(flaws: Flaws, title: string, options: DescribeRemoteDeliveryOptions): Promise<boolean> {
  let defined = 0;
  const failed = await failuresOf(() => {
    const collect = globalThis.it;
    const only = (name: string, run: () => Promise<void>) => {
      if (name !== title) return;
      defined += 1;
      collect(name, run);
    };
    Object.assign(globalThis, { it: only });
    describeRemoteDelivery('test', (target) => new TinyRemote(target, flaws), options);
  });
  expect({ title, defined }).toEqual({ title, defined: 1 });
  return failed.length > 0;
}

const CUT = 'that is gone after any number of octets that it has';

it.each<[Flaws, string, DescribeRemoteDeliveryOptions?]>([
  [{ believesFinal: true }, 'hands on 451 4.3.0 not now at final'],
  [{ believesFinal: true }, 'tells apart what becomes of the data for each recipient', { protocol: 'lmtp' }],
  [{ mixesRecipients: true }, 'tells apart what becomes of the data for each recipient', { protocol: 'lmtp' }],
  [{ mixesRecipients: true }, 'tells recipients that are refused from those that are not'],
  [{ ignoresRcpt: true }, 'tells recipients that are refused from those that are not'],
  [{ ignoresData: true }, 'hands on 554 5.7.1 never at data'],
  [{ neverGivesUp: true }, 'hands on 550 5.1.1 nobody at rcpt'],
  [{ givesUp: true }, 'that refuses connections'],
  [{ givesUp: true }, 'that is gone (reset) at mail'],
  [{ givesUp: true }, 'that says nothing, at whichever step'],
  [{ repeats: true }, 'that is gone (close) at accepted'],
  [{ leaks: true }, 'delivers messages octet for octet, once'],
  [{ stuffsNothing: true }, 'delivers messages octet for octet, once'],
  [{ keepsBareNewlines: true }, 'never sends a bare CR or LF'],
  [{ pipelines: true }, 'delivers messages octet for octet, once', { keywords: [] }],
  [{ cutsReplies: true }, `${CUT} sent`],
  [{ repeats: true }, `${CUT} sent`],
  [{ givesUp: true }, `${CUT} received`],
  [{ readsLoosely: true }, 'that sends what is no reply'],
  [{ takesEarly: true }, 'that sends replies that nobody has asked for'],
  [{ waits: true }, 'that says nothing, at whichever step'],
  [{ sendsHalves: true }, 'when the body breaks off after 3000 octets'],
  [{ ignoresSignal: true }, 'when it is aborted while the peer says nothing at mail'],
  [{ leaks: true, waits: true }, 'when it is stopped while the peer says nothing at greeting'],
  [{ trustsAnybody: true }, 'says nothing to a peer whose TLS is untrusted'],
  [{ trustsAnybody: true }, 'says nothing to a peer whose TLS is other-name'],
  [{ trustsAnybody: true }, 'says nothing to a peer whose TLS is expired'],
  [{ staysInClear: true }, 'says nothing to a peer that does not offer it'],
  [{ takesEarly: true, keepsInjected: true }, 'takes nothing that was said in clear for an answer (attack A4)'],
])(
  'finds %p by: %s',
  async (flaws, title, options = {}) => {
    expect(await isFound(flaws, title, options)).toBe(true);
  },
  60_000,
);

/**
 * The contract of deliveries to another server, as tests: a real socket, a peer that does everything right, and then everything wrong. For strategies that
 * pass `describeDelivery` too. Uses the globals of jest.
 *
 *     describeRemoteDelivery('relay', async ({ host, port, ca, timeoutMs }) => {
 *       const strategy = new RelayDelivery(…);
 *       await strategy.start();
 *       return strategy;
 *     });
 */
import type { PeerReplies } from '../peer/peer-options.js';
import { describeRemoteAborts } from './describe-remote-aborts.js';
import { describeRemoteFaults } from './describe-remote-faults.js';
import { describeRemoteTls } from './describe-remote-tls.js';
import { random, randomLines } from './message-source.js';
import {
  ONE,
  RemoteSuite,
  THREE,
  expectClass,
  someMessage,
  type DescribeRemoteDeliveryOptions,
  type RemoteDeliveryFactory,
} from './remote-suite.js';

export type { DescribeRemoteDeliveryOptions, RemoteDeliveryFactory, RemoteTarget } from './remote-suite.js';

/** The contract suite. `make` is called often. */
export function describeRemoteDelivery(
  name: string,
  make: RemoteDeliveryFactory,
  options: DescribeRemoteDeliveryOptions = {},
): void {
  const suite = new RemoteSuite(make, options);
  describe(`${name} keeps the contract of remote deliveries`, () => {
    describeMessages(suite);
    describeReplies(suite);
    describe('survives a peer', () => describeRemoteFaults(suite));
    describe('leaves nothing behind', () => describeRemoteAborts(suite));
    if (options.tls !== false) describe('over TLS', () => describeRemoteTls(suite));
  });
}

const STUFFED = ['.\r\n', '..\r\n', '.x\r\n\r\n.\r\n', '\r\n', ''];
const SIZES = [100, 5000, 70_000, 700_000];
const AT_ONCE = 12;

function describeMessages(suite: RemoteSuite): void {
  suite.test('delivers messages octet for octet, once', {}, async (under) => {
    for (const text of STUFFED) expectClass(await under.send(ONE, someMessage(text)), 2);
    expectClass(await under.send(ONE, Buffer.alloc(0)), 2);
    for (const size of SIZES) expectClass(await under.send(ONE, content(suite, size)), 2);
  });

  suite.test('never sends a bare CR or LF', {}, async (under) => {
    // It may refuse such a message, or mend it: what came is looked at by the peer.
    const { codes } = await under.attempt(ONE, Buffer.from('a\nb\rc\r\n.\nd\r\r\n\n.\r\ne', 'latin1'));
    const { messages } = under.peer;
    expect(messages).toHaveLength([...codes.values()].filter((code) => code < 300).length);
    messages.length = 0;
  });

  suite.test('says the envelope as it is', {}, async (under) => {
    await under.send(THREE);
    await under.send(ONE, someMessage(), { envelope: { reversePath: null } });
    const said = under.peer.messages.flatMap(({ from, to }) => to.map(({ path }) => `${from.path} ${path}`));
    expect(said.toSorted()).toEqual(
      [...ONE.map((to) => ` ${to}`), ...THREE.map((to) => `sender@test.example ${to}`)].toSorted(),
    );
  });

  suite.test('delivers many at the same time', {}, async (under) => {
    const sent = await Promise.all(Array.from({ length: AT_ONCE }, () => under.send(THREE)));
    for (const one of sent) expectClass(one, 2);
  });
}

/** Any octets in lines, or only ASCII where nothing else is offered. */
function content(suite: RemoteSuite, size: number): Buffer {
  const octets = randomLines(size, random(size));
  if (suite.keywords.includes('8BITMIME')) return octets;
  return Buffer.from(octets.toString('base64').replaceAll(/.{1,76}/g, '$&\r\n'), 'latin1');
}

/** A step, what is said there, and the classes that may come of it: where we are not known or not wanted at all, whoever waits may be told to wait. */
const REPLIES: readonly (readonly [step: keyof PeerReplies, said: string, ...classes: readonly number[]])[] = [
  ['greeting', '421 4.3.2 not now', 4],
  ['greeting', '450 4.3.2 not now', 4],
  ['greeting', '554 5.3.2 never', 4, 5],
  ['hello', '421 4.3.2 not now', 4],
  ['hello', '451 4.3.2 not now', 4],
  ['hello', '550 5.7.1 never', 4, 5],
  ['mail', '421 4.3.2 not now', 4],
  ['mail', '452 4.3.1 full', 4],
  ['mail', '550 5.7.1 not from there', 5],
  ['rcpt', '421 4.3.2 not now', 4],
  ['rcpt', '450 4.2.0 not now', 4],
  ['rcpt', '550 5.1.1 nobody', 5],
  ['data', '421 4.3.2 not now', 4],
  ['data', '451 4.3.0 not now', 4],
  ['data', '554 5.7.1 never', 5],
  ['data', '250 2.0.0 what?', 4],
  ['final', '421 4.3.2 not now', 4],
  ['final', '451 4.3.0 not now', 4],
  ['final', '552 5.3.4 too big', 5],
  ['final', '354 what?', 4],
];

function describeReplies(suite: RemoteSuite): void {
  for (const [step, said, ...classes] of REPLIES) {
    // What becomes of DATA has no place where the data comes by BDAT.
    if (step === 'data' && suite.keywords.includes('CHUNKING')) continue;
    suite.test(`hands on ${said} at ${step}`, { replies: { [step]: said } }, async (under) => {
      expectClass(await under.send(), ...classes);
      expect(under.peer.messages).toEqual([]);
      under.peer.replies = {};
      expectClass(await under.send(), 2);
    });
  }

  const rcpt = (path: string) =>
    path === THREE[1] ? '550 5.1.1 nobody' : path === THREE[2] ? '450 4.2.0 later' : undefined;
  suite.test('tells recipients that are refused from those that are not', { replies: { rcpt } }, async (under) => {
    const { codes } = await under.send(THREE);
    expect([...THREE].map((path) => Math.floor((codes.get(path) ?? 0) / 100))).toEqual([2, 5, 4]);
    expect(under.peer.messages.map(({ to }) => to.map(({ path }) => path))).toEqual([ONE]);
  });

  suite.test('says so where every recipient is refused', { replies: { rcpt: '550 5.1.1 nobody' } }, async (under) => {
    expectClass(await under.send(THREE), 5);
    expect(under.peer.messages).toEqual([]);
  });

  if (suite.protocol !== 'lmtp') return;
  const final = (path: string) =>
    path === THREE[1] ? '552 5.2.2 full' : path === THREE[2] ? '451 4.3.0 later' : undefined;
  suite.test('tells apart what becomes of the data for each recipient', { replies: { final } }, async (under) => {
    const { codes } = await under.send(THREE);
    expect([...THREE].map((path) => Math.floor((codes.get(path) ?? 0) / 100))).toEqual([2, 5, 4]);
  });
}

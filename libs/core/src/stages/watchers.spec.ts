/** Observers only watch: whatever they do, the others are told and the session goes on. */
import { SmtpError, type Logger, type LogFields } from '@mailverb/contract';
import { reply } from '@mailverb/protocol';
import { settle } from '../fixtures/clock.fixture.js';
import { freshSession, recorder, silent, type Told } from '../fixtures/scene.fixture.js';
import { Watchers, type NamedObserver } from './watchers.js';

const session = freshSession();
const record = {
  endedAt: 0,
  commands: 0,
  errors: 0,
  transactions: 0,
  delivered: 0,
  octetsIn: 0,
  cause: 'quit',
  decisions: [],
};
const ended = {
  envelope: { id: '', reversePath: null, parameters: {}, recipients: [] },
  size: 0,
  end: 'aborted',
  reply: undefined,
  outcomes: [],
  decisions: [],
  startedAt: 0,
  endedAt: 0,
} as const;

/** Every event once, by the name of its method. */
const EVENTS: Readonly<Record<keyof NamedObserver['observer'], (watchers: Watchers) => void>> = {
  sessionOpened: (watchers) => watchers.sessionOpened(session),
  secured: (watchers) => watchers.secured(session),
  commandReceived: (watchers) => watchers.commandReceived(session, 'NOOP'),
  lineReceived: (watchers) => watchers.lineReceived(session),
  replySent: (watchers) => watchers.replySent(session, reply(250, '2.0.0', 'ok')),
  verdictGiven: (watchers) =>
    watchers.verdictGiven(session, { stage: 'helo', policy: 'p', verdict: { kind: 'pass' }, dryRun: false }),
  dataReceived: (watchers) => watchers.dataReceived(session, 7),
  transactionEnded: (watchers) => watchers.transactionEnded(session, ended),
  sessionClosed: (watchers) => watchers.sessionClosed(session, record),
  limitReached: (watchers) => watchers.limitReached(session, 'recipients'),
  faultCaught: (watchers) => watchers.faultCaught(session, 'delivery', new Error('boom')),
};

function logging(lines: { level: string; fields: LogFields; message: string }[]): Logger {
  return {
    ...silent,
    info: (fields, message) => void lines.push({ level: 'info', fields, message }),
    error: (fields, message) => void lines.push({ level: 'error', fields, message }),
  };
}

describe.each(Object.entries(EVENTS))('Watchers, %s', (event, tell) => {
  it('tells all who watch it, in order, with what has happened', () => {
    const [first, second]: [Told[], Told[]] = [[], []];
    const observers = [
      { name: 'first', observer: recorder(first) },
      { name: 'other', observer: {} },
      { name: 'second', observer: recorder(second) },
    ];
    tell(new Watchers(observers, silent));
    expect(first).toEqual([{ event, args: expect.any(Array) }]);
    expect(second).toEqual(first);
  });

  it.each([
    ['throws', () => fail(new Error('broken'))],
    ['throws nothing', () => fail(undefined)],
    ['rejects', () => Promise.reject(new Error('broken'))],
  ])('goes on when an observer %s, and logs it', async (_, broken) => {
    const told: Told[] = [];
    const lines: { level: string; fields: LogFields; message: string }[] = [];
    const observers = [
      { name: 'broken', observer: { [event]: broken } },
      { name: 'sound', observer: recorder(told) },
    ];
    tell(new Watchers(observers, logging(lines)));
    await settle(1);
    expect(told).toHaveLength(1);
    expect(lines.filter(({ message }) => message === 'observer broken failed')).toHaveLength(1);
  });

  it('says whether anybody watches', () => {
    const method = event as keyof typeof EVENTS;
    expect(new Watchers([], silent).watches(method)).toBe(false);
    expect(new Watchers([{ name: 'o', observer: { [event]: () => {} } }], silent).watches(method)).toBe(true);
  });
});

describe('Watchers', () => {
  it('tells observers as methods of their own object', () => {
    class Own {
      readonly seen: string[] = [];
      commandReceived(_session: unknown, line: string): void {
        this.seen.push(line);
      }
    }
    const own = new Own();
    new Watchers([{ name: 'own', observer: own }], silent).commandReceived(session, 'NOOP');
    expect(own.seen).toEqual(['NOOP']);
  });

  it('logs limits and faults, whoever watches, with the session and what the error tells', () => {
    const lines: { level: string; fields: LogFields; message: string }[] = [];
    const watchers = new Watchers([], logging(lines));
    const error = new SmtpError(reply(450, '4.7.1', 'later'), 'private', { upstream: 'mx2' });
    watchers.limitReached(session, 'recipients');
    watchers.limitReached(undefined, 'connections');
    watchers.faultCaught(session, 'delivery', error);
    expect(lines).toEqual([
      { level: 'info', fields: { session: 's1', limit: 'recipients' }, message: 'limit reached' },
      { level: 'info', fields: { limit: 'connections' }, message: 'limit reached' },
      {
        level: 'error',
        fields: { session: 's1', upstream: 'mx2', where: 'delivery', error },
        message: 'delivery failed',
      },
    ]);
  });

  it('survives a logger that throws', () => {
    const broken = { ...silent, info: () => fail(new Error('disk full')), error: () => fail(new Error('disk full')) };
    const watchers = new Watchers([{ name: 'o', observer: { sessionOpened: () => fail(new Error('x')) } }], broken);
    for (const tell of Object.values(EVENTS)) tell(watchers);
  });
});

function fail(error: unknown): never {
  throw error;
}

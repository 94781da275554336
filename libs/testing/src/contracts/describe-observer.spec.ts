/** The contract suite of observers finds what is wrong with an observer. */
import type { Observer, Session } from '@mailverb/contract';
import { failuresOf } from './collect-failures.js';
import { describeObserver } from './describe-observer.js';

const clean = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?');

/** A small but good observer, with some of its methods replaced. */
function failures(overrides: (write: (text: string) => void) => Observer = () => ({})): Promise<readonly string[]> {
  return failuresOf(() =>
    describeObserver('small', () => {
      let written = '';
      const write = (text: string): void => void (written += `${text}\n`);
      const good: Observer = {
        commandReceived: (session, line) => write(clean(`${session.id} C: ${line}`)),
        replySent: (session, { lines }) => lines.forEach((line) => write(clean(`${session.id} S: ${line}`))),
        faultCaught: (session, where) => write(clean(`${session?.id ?? '-'} ${where} failed`)),
        sessionClosed: (session, { cause }) => write(clean(`${session.id} ${cause}`)),
      };
      return { observer: { ...good, ...overrides(write) }, output: () => written };
    }),
  );
}

describe('describeObserver', () => {
  it('finds nothing wrong with a good observer, or with one that writes nothing', async () => {
    expect(await failures()).toEqual([]);
    expect(await failuresOf(() => describeObserver('silent', () => ({ observer: {} })))).toEqual([]);
  });

  const counts = new WeakMap<Session, number>();

  it.each<[string, (write: (text: string) => void) => Observer, string]>([
    [
      'a line that a client can end',
      (write) => ({ commandReceived: (_session, line) => write(line) }),
      'writes no more lines',
    ],
    [
      'an escape sequence in a name',
      (write) => ({ transactionEnded: (_session, { envelope }) => write(envelope.reversePath?.address ?? '') }),
      'writes no more lines',
    ],
    [
      'a certificate that is trusted',
      (write) => ({ sessionOpened: ({ tls }) => write(tls?.clientCertificate?.subject ?? '') }),
      'writes no more lines',
    ],
    [
      'a throw where there is no session',
      (write) => ({
        limitReached: (session) => {
          if (session === undefined) throw new Error('no session');
          write(clean(session.id));
        },
      }),
      'outside of any session',
    ],
    [
      'a throw for an odd error',
      (write) => ({ faultCaught: (_session, _where, error) => write(clean((error as Error).message)) }),
      'takes anything for an error',
    ],
    [
      'a secret',
      (write) => ({ faultCaught: (_session, _where, error) => write(clean(JSON.stringify(error ?? null))) }),
      'does not tell the secrets',
    ],
    [
      'an order that it counts on',
      (write) => {
        const open = new Set<Session>();
        return {
          sessionOpened: (session) => void open.add(session),
          sessionClosed: (session) => {
            if (!open.delete(session)) throw new Error('never opened');
            write('closed');
          },
        };
      },
      'by itself, in any order',
    ],
    [
      'something kept of a session',
      (write) => ({
        sessionClosed: (session) => {
          counts.set(session, (counts.get(session) ?? 0) + 1);
          write(`${counts.get(session)}`);
        },
      }),
      'keeps nothing of a session',
    ],
    [
      'sessions that are mixed up',
      (write) => {
        let last: Session | undefined;
        return {
          sessionOpened: (session) => void (last = session),
          sessionClosed: () => write(last?.id === undefined ? '-' : clean(last.id)),
        };
      },
      'tells sessions apart',
    ],
    ['lines that grow fewer', once, 'as many lines for each'],
  ])('finds %s', async (_what, overrides, failed) => {
    expect(await failures(overrides)).toContainEqual(expect.stringContaining(failed));
  });

  it('closes what it opens, whatever happens', async () => {
    const close = jest.fn();
    let opened = 0;
    await failuresOf(() =>
      describeObserver('small', () => (opened++, { observer: {}, output: () => 'no end', close })),
    );
    expect(opened).toBeGreaterThan(5);
    expect(close).toHaveBeenCalledTimes(opened);
  });
});

function once(write: (text: string) => void): Observer {
  let done = false;
  return {
    sessionClosed: () => {
      if (!done) write('only once');
      done = true;
    },
  };
}

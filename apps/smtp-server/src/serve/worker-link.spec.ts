import { settled } from '../testing/fake-time.js';
import { WorkerLink } from './worker-link.js';
import type { Order, Report } from './worker.js';

const limits = { connections: 1, connectionsPerAddress: 1 };

function make() {
  const sent: Report[] = [];
  let order: (order: Order) => void = () => undefined;
  let gone: () => void = () => undefined;
  const link = new WorkerLink(2, {
    send: (report) => sent.push(report),
    onOrder: (handler) => (order = handler),
    onGone: (handler) => (gone = handler),
  });
  return { link, sent, order: (one: Order) => order(one), gone: () => gone() };
}

describe('a worker', () => {
  it('asks before it lets somebody in, and says when somebody has left', async () => {
    const { link, sent, order } = make();
    const [first, second] = [link.admission.enter('mx', 'a', limits), link.admission.enter('mx', 'b', limits)];
    link.admission.leave('mx', 'a');
    // Together, when all that came at once was looked at.
    expect(sent).toEqual([]);
    await settled();
    expect(sent).toEqual([
      {
        type: 'connections',
        left: [{ listener: 'mx', network: 'a' }],
        entering: [
          { id: 1, listener: 'mx', network: 'a', limits },
          { id: 2, listener: 'mx', network: 'b', limits },
        ],
      },
    ]);
    const answers = [
      { id: 2, refused: 'connections' },
      { id: 1, refused: null },
      { id: 99, refused: null },
    ] as const;
    order({ type: 'entered', answers });
    expect(await first).toBeUndefined();
    expect(await second).toBe('connections');
  });

  it('lets nobody in and stops when the primary process has gone (attack A26)', async () => {
    const { link, sent, gone } = make();
    let stops = 0;
    link.on('stop', () => (stops += 1));
    const asked = Promise.resolve(link.admission.enter('mx', 'a', limits));
    const failed = expect(asked).rejects.toThrow('has gone');
    gone();
    gone();
    await failed;
    await expect(Promise.resolve(link.admission.enter('mx', 'a', limits))).rejects.toThrow('has gone');
    expect(stops).toBe(1);
    // There is nobody to tell.
    link.admission.leave('mx', 'a');
    await settled();
    expect(sent).toEqual([]);
    let late = 0;
    link.on('stop', () => (late += 1));
    expect(late).toBe(1);
  });

  it('does what it is told to, for who wants to hear it', () => {
    const { link, order } = make();
    const seen: string[] = [];
    const releases = (['stop', 'reload', 'reopen'] as const).map((what) => link.on(what, () => seen.push(what)));
    for (const type of ['reload', 'stop', 'reopen'] as const) order({ type });
    expect(seen).toEqual(['reload', 'stop', 'reopen']);
    for (const release of releases) release();
    order({ type: 'reload' });
    expect(seen).toHaveLength(3);
  });

  it('tells how it is doing', () => {
    const { link, sent } = make();
    link.ready([{ listener: 'mx', host: '127.0.0.1', port: 25 }]);
    link.reloading();
    link.reloaded(false);
    link.stopping();
    expect(sent.map(({ type }) => type)).toEqual(['ready', 'reloaded', 'stopping']);
  });

  it('gives its numbers, or says that there are none', async () => {
    const { link, sent, order } = make();
    order({ type: 'metrics', id: 1 });
    await settled();
    link.onMetrics(() => Promise.resolve({ contentType: 'text/plain', text: 'a 1\n' }));
    order({ type: 'metrics', id: 2 });
    await settled();
    link.onMetrics(() => Promise.reject(new Error('no')));
    order({ type: 'metrics', id: 3 });
    await settled();
    expect(sent).toEqual([
      { type: 'metrics', id: 1, page: null },
      { type: 'metrics', id: 2, page: { contentType: 'text/plain', text: 'a 1\n' } },
      { type: 'metrics', id: 3, page: null },
    ]);
  });
});

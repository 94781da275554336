import { CountedWorkers } from './counted.js';

const limits = { connections: 4, connectionsPerAddress: 2 };

describe('connections of several processes', () => {
  it('are limited together, and by listener apart', () => {
    const counted = new CountedWorkers();
    expect(counted.enter(1, 'mx', 'a', limits)).toBeUndefined();
    expect(counted.enter(2, 'mx', 'a', limits)).toBeUndefined();
    expect(counted.enter(1, 'mx', 'a', limits)).toBe('connectionsPerAddress');
    expect(counted.enter(1, 'submission', 'a', limits)).toBeUndefined();
    expect(counted.enter(1, 'mx', 'b', limits)).toBeUndefined();
    expect(counted.enter(2, 'mx', 'c', limits)).toBeUndefined();
    expect(counted.enter(2, 'mx', 'd', limits)).toBe('connections');
    counted.leave(2, 'mx', 'a');
    expect(counted.enter(1, 'mx', 'a', limits)).toBeUndefined();
  });

  it('are forgotten with the process that had them, and those of the others are not', () => {
    const counted = new CountedWorkers();
    for (const worker of [1, 1, 2]) counted.enter(worker, 'mx', '', limits);
    counted.forget(1);
    for (const worker of [1, 1, 1]) expect(counted.enter(worker, 'mx', '', limits)).toBeUndefined();
    expect(counted.enter(1, 'mx', '', limits)).toBe('connections');
    counted.forget(7);
  });

  it('are not counted down twice, whatever a worker says', () => {
    const counted = new CountedWorkers();
    counted.enter(1, 'mx', 'a', limits);
    counted.enter(2, 'mx', 'a', limits);
    for (let i = 0; i < 5; i++) counted.leave(1, 'mx', 'a');
    counted.leave(3, 'mx', 'a');
    counted.leave(1, 'nowhere', 'a');
    expect(counted.enter(1, 'mx', 'a', limits)).toBeUndefined();
    expect(counted.enter(1, 'mx', 'a', limits)).toBe('connectionsPerAddress');
  });

  it('may come from listeners with any name', () => {
    const counted = new CountedWorkers();
    counted.enter(1, 'b\na', '', limits);
    counted.leave(1, 'a', 'b');
    counted.forget(1);
    for (let i = 0; i < 4; i++) expect(counted.enter(1, 'b\na', '', limits)).toBeUndefined();
  });
});

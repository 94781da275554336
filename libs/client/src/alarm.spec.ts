import { FakeClock } from '@mailverb/testing';
import { MovingAlarm } from './alarm.js';

const make = () => {
  const clock = new FakeClock();
  const rung: number[] = [];
  const alarm = new MovingAlarm(clock, () => rung.push(clock.now()));
  const from = clock.now();
  return { clock, alarm, at: () => rung.map((time) => time - from) };
};

describe('MovingAlarm', () => {
  it('rings once, in time', async () => {
    const { clock, alarm, at } = make();
    alarm.set(100);
    await clock.advance(99);
    expect(at()).toEqual([]);
    await clock.advance(1000);
    expect(at()).toEqual([100]);
  });

  it('moves on without another timer, and back with one', async () => {
    const { clock, alarm, at } = make();
    alarm.set(100);
    await clock.advance(90);
    alarm.set(100);
    expect(clock.pending).toBe(1);
    await clock.advance(99);
    expect(at()).toEqual([]);
    alarm.set(1);
    await clock.advance(1);
    expect(at()).toEqual([190]);
    alarm.set(1000);
    alarm.set(10);
    await clock.advance(10);
    expect(at()).toEqual([190, 200]);
  });

  it('does not ring when nothing is waited for', async () => {
    const { clock, alarm, at } = make();
    alarm.set(100);
    alarm.clear();
    await clock.advance(1000);
    alarm.set(100);
    alarm.stop();
    await clock.advance(1000);
    expect(at()).toEqual([]);
    expect(clock.pending).toBe(0);
  });
});

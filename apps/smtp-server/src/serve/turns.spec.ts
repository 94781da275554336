import { settled } from '../testing/fake-time.js';
import { Turns } from './turns.js';

describe('turns', () => {
  it('come one after the other, and who asks while one waits gets that one', async () => {
    const finish: (() => void)[] = [];
    const turns = new Turns(() => new Promise<number>((resolve) => finish.push(() => resolve(finish.length))));
    const first = turns.take();
    await settled();
    const [second, third] = [turns.take(), turns.take()];
    expect(third).toBe(second);
    await settled();
    expect(finish).toHaveLength(1);
    finish[0]?.();
    expect(await first).toBe(1);
    await settled();
    // The second has begun: what comes now is another.
    expect(finish).toHaveLength(2);
    const fourth = turns.take();
    expect(fourth).not.toBe(second);
    finish[1]?.();
    await second;
    await settled();
    finish[2]?.();
    await fourth;
    expect(finish).toHaveLength(3);
  });

  it('go on after one that failed', async () => {
    let n = 0;
    const turns = new Turns(() => (++n === 1 ? Promise.reject(new Error('no')) : Promise.resolve(n)));
    await expect(turns.take()).rejects.toThrow('no');
    expect(await turns.take()).toBe(2);
  });

  it('wait for what they are told to wait for, even if it fails', async () => {
    const turns = new Turns(() => Promise.resolve('done'));
    let fail: (error: Error) => void = () => undefined;
    turns.after(new Promise((_, reject) => (fail = reject)));
    let over = false;
    void turns.over().then(() => (over = true));
    const turn = turns.take();
    await settled();
    expect(over).toBe(false);
    fail(new Error('no'));
    expect(await turn).toBe('done');
    await turns.over();
    expect(over).toBe(true);
  });
});

import { NO_DATA, NO_SUCH_NAME } from './answer.js';
import { DnsCache } from './dns-cache.js';

describe('DnsCache', () => {
  it('remembers until the time is up, and not at it', () => {
    const cache = new DnsCache(10);
    cache.set('a', NO_DATA, 100);
    expect(cache.get('a', 99)).toBe(NO_DATA);
    expect(cache.get('a', 100)).toBeUndefined();
    // It is forgotten: going back in time brings nothing back.
    expect(cache.get('a', 99)).toBeUndefined();
  });

  it('forgets the one that was not used for longest (attack A13)', () => {
    const cache = new DnsCache(2);
    cache.set('a', NO_DATA, 100);
    cache.set('b', NO_DATA, 100);
    cache.get('a', 0);
    cache.set('c', NO_SUCH_NAME, 100);
    expect(cache.get('b', 0)).toBeUndefined();
    expect(cache.get('a', 0)).toBe(NO_DATA);
    expect(cache.get('c', 0)).toBe(NO_SUCH_NAME);
    cache.set('a', NO_SUCH_NAME, 100);
    expect(cache.get('c', 0)).toBe(NO_SUCH_NAME);
    expect(cache.get('a', 0)).toBe(NO_SUCH_NAME);
  });

  it('remembers nothing where its size is 0', () => {
    const cache = new DnsCache(0);
    cache.set('a', NO_DATA, 100);
    expect(cache.get('a', 0)).toBeUndefined();
  });
});

/** Limits are on by default, and every one can be set. */
import { limitsSchema, timeoutsSchema } from './limits.js';

describe('limits', () => {
  it('are on by default', () => {
    const limits = limitsSchema.parse({});
    const { commandLine, lineTooLong, pipelining, ...numbers } = limits;
    expect({ commandLine, lineTooLong, pipelining }).toEqual({
      commandLine: undefined,
      lineTooLong: 'accept',
      pipelining: 'strict',
    });
    for (const [name, value] of Object.entries(numbers)) expect({ name, on: value > 0 }).toEqual({ name, on: true });
    // RFC 5321 4.5.3.1: what a server must take at the least.
    expect(limits.recipients).toBeGreaterThanOrEqual(100);
    expect(limits.textLine).toBeGreaterThanOrEqual(1000);
    expect(limits.messageSize).toBeGreaterThanOrEqual(64 * 1024);
  });

  it('may be written as people write them, and not as nonsense', () => {
    expect(limitsSchema.parse({ messageSize: '25MiB', headerBytes: '64KiB' })).toMatchObject({
      messageSize: 25 * 1024 * 1024,
      headerBytes: 64 * 1024,
    });
    for (const wrong of [
      { connections: 0 },
      { errors: -1 },
      { recipients: 1.5 },
      { recipient: 1 },
      { pipelining: 'no' },
    ]) {
      expect(limitsSchema.safeParse(wrong).success).toBe(false);
    }
  });
});

describe('timeouts', () => {
  it('are at least those of RFC 5321 4.5.3.2, and two more', () => {
    const timeouts = timeoutsSchema.parse({});
    for (const phase of ['connected', 'greeted', 'mail', 'rcpt'] as const) expect(timeouts[phase]).toBe(300_000);
    expect(timeouts.data).toBeGreaterThanOrEqual(180_000);
    expect(timeouts.session).toBeGreaterThan(timeouts.data);
    expect(timeouts.greetDelay).toBe(0);
  });

  it('need their unit', () => {
    expect(timeoutsSchema.parse({ session: '2h' }).session).toBe(7_200_000);
    expect(timeoutsSchema.safeParse({ session: 7200 }).success).toBe(false);
    expect(timeoutsSchema.safeParse({ sesion: '2h' }).success).toBe(false);
  });
});

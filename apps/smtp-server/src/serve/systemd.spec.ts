import { settled } from '../testing/fake-time.js';
import { systemdSupervisor } from './systemd.js';

const env = { NOTIFY_SOCKET: '/run/systemd/notify' };
const address = { listener: 'mx', host: '::', port: 25 };

describe('systemd', () => {
  it('is told of each step, one after the other', async () => {
    const told: (readonly string[])[] = [];
    const finish: (() => void)[] = [];
    const supervisor = systemdSupervisor(
      env,
      () => undefined,
      (assignments) => {
        told.push(assignments);
        return new Promise((resolve) => finish.push(resolve));
      },
    );
    supervisor.ready([address, { listener: 'local', path: '/run/a\nREADY=0' }]);
    supervisor.reloading();
    await settled();
    expect(told).toHaveLength(1);
    supervisor.reloaded(true);
    supervisor.reloading();
    supervisor.reloaded(false);
    supervisor.stopping();
    for (let i = 0; i < 6; i++) {
      finish[i]?.();
      await settled();
    }
    expect(told).toEqual([
      ['READY=1', 'STATUS=serving [::]:25, /run/a READY=0'],
      ['RELOADING=1', 'STATUS=reading the configuration again'],
      ['READY=1', 'STATUS=serving [::]:25, /run/a READY=0'],
      ['RELOADING=1', 'STATUS=reading the configuration again'],
      ['READY=1', 'STATUS=serving [::]:25, /run/a READY=0; the last reload failed, see the log'],
      ['STOPPING=1', 'STATUS=waiting for open transactions'],
    ]);
  });

  it('that can not be told is complained about once, and told all the same', async () => {
    const complaints: string[] = [];
    let tries = 0;
    const supervisor = systemdSupervisor(
      env,
      (problem) => complaints.push(problem),
      () => {
        tries += 1;
        return Promise.reject(new Error('systemd-notify: ENOENT'));
      },
    );
    supervisor.ready([]);
    supervisor.stopping();
    await settled();
    expect(tries).toBe(2);
    expect(complaints).toEqual(['systemd could not be told how we are: systemd-notify: ENOENT']);
  });

  it.each([[{}], [{ NOTIFY_SOCKET: '' }]])('is not there with %j', async (without) => {
    const supervisor = systemdSupervisor(
      without,
      () => undefined,
      () => Promise.reject(new Error('nobody to tell')),
    );
    supervisor.ready([address]);
    supervisor.reloading();
    supervisor.reloaded(true);
    supervisor.stopping();
    await settled();
  });
});

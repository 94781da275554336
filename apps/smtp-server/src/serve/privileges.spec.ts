import type { Server, ServerPlan } from '@mailverb/core';
import { FakeIo } from '../testing/fake-io.js';
import { giveUpPrivileges } from './privileges.js';

const plan = {
  hostname: 'mx.example.org',
  listeners: [
    { name: 'mx', host: '::', port: 25, plugins: [], configPath: 'listeners[0]' },
    { name: 'high', port: 2525, plugins: [] },
    { name: 'any', port: 0, plugins: [] },
    { name: 'local', path: '/run/x.sock', plugins: [] },
    { name: 'passed', fd: 3, plugins: [] },
  ],
};

function make({ privileged = true, refuses = false } = {}) {
  const did: string[] = [];
  const plans: ServerPlan[] = [];
  const io = new FakeIo('/', {
    create: (made) => {
      plans.push(made);
      const server: Server = {
        assembly: { hostname: '', plugins: [], listeners: [] },
        sessions: 0,
        start: () => Promise.resolve(void did.push('open')),
        addresses: () => [],
        accept: () => undefined,
        retire: () => Promise.resolve(),
        stop: () => Promise.resolve(void did.push('stop')),
      };
      return Promise.resolve(server);
    },
  });
  io.privileged = privileged;
  io.become = (user, group) => {
    if (refuses) throw new Error('refused');
    did.push(`become ${user} ${group}`);
  };
  return { io, did, plans };
}

describe('privileges', () => {
  it('are kept by who does not say otherwise', async () => {
    const { io, did } = make();
    const { start } = await giveUpPrivileges({ user: undefined, group: undefined }, plan, io);
    expect([start, did]).toEqual([{}, []]);
  });

  it('are used for ports below 1024 and for nothing else, then given up', async () => {
    const { io, did, plans } = make();
    const { start, done } = await giveUpPrivileges({ user: 'mail', group: 'post' }, plan, io);
    expect(did).toEqual(['open', 'become mail post']);
    expect(plans[0]?.listeners).toEqual([
      { name: 'mx', host: '::', port: 25, plugins: [], configPath: 'listeners[0]' },
    ]);
    // Nobody is let in until the server itself is there.
    expect(plans[0]?.admission?.enter('mx', '', { connections: 1, connectionsPerAddress: 1 })).toBe('connections');
    expect(start.takeOver).toBeDefined();
    done();
    expect(did).toEqual(['open', 'become mail post', 'stop']);
  });

  it('that can not be given up are not used: what was opened is closed', async () => {
    const { io, did } = make({ refuses: true });
    await expect(giveUpPrivileges({ user: 'mail', group: undefined }, plan, io)).rejects.toThrow('refused');
    expect(did).toEqual(['open', 'stop']);
  });

  it('are not there: only the user is looked at', async () => {
    const { io, did } = make({ privileged: false });
    await giveUpPrivileges({ user: 'mail', group: undefined }, plan, io);
    expect(did).toEqual(['become mail undefined']);
  });

  it('are given up first by one of several, whose ports another opens', async () => {
    const { io, did } = make();
    io.worker = { slot: 1, admission: { enter: () => undefined, leave: () => undefined }, onMetrics: () => undefined };
    await giveUpPrivileges({ user: 'mail', group: undefined }, plan, io);
    expect(did).toEqual(['become mail undefined']);
  });
});

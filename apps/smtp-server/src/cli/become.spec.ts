import { become, processIdentity, type Identity } from './become.js';

/** A system with a few users. */
function system(uid = 0, { forgetful = false, refuses = '' }: { forgetful?: boolean; refuses?: string } = {}) {
  const users = new Map([
    ['root', { uid: 0, gid: 0 }],
    ['mail', { uid: 8, gid: 12 }],
  ]);
  const calls: string[] = [];
  let now = uid;
  const call = (name: string, ...args: readonly unknown[]) => {
    if (name === refuses) throw new Error('EPERM');
    calls.push([name, ...args].join(' '));
  };
  const identity: Identity = {
    getuid: () => now,
    initgroups: (user, group) => call('initgroups', user, group),
    setgid: (group) => call('setgid', group),
    setuid(user) {
      call('setuid', user);
      now = users.get(user)?.uid ?? -1;
    },
    idOf(user, which) {
      const found = users.get(user);
      if (found === undefined) throw new Error('no such user');
      return which === '-u' ? found.uid : found.gid;
    },
    regain() {
      if (!forgetful) throw new Error('EPERM');
    },
  };
  return { identity, calls };
}

describe('becoming another user', () => {
  it('takes the groups first, then the group, then the user', () => {
    const { identity, calls } = system();
    become(identity, 'mail', undefined);
    expect(calls).toEqual(['initgroups mail 12', 'setgid 12', 'setuid mail']);
  });

  it('takes the group that is wanted', () => {
    const { identity, calls } = system();
    become(identity, 'mail', 'postfix');
    expect(calls).toEqual(['initgroups mail postfix', 'setgid postfix', 'setuid mail']);
  });

  it('is nothing to do for who is that user already', () => {
    const { identity, calls } = system(8);
    become(identity, 'mail', undefined);
    expect(calls).toEqual([]);
  });

  it.each([
    ['only root can', system(7), 'mail', 'user: only root can become somebody else'],
    ['nobody has that name', system(), 'mial', 'user: there is no user of this name'],
    ['it would be root', system(), 'root', 'user: expected somebody else than root'],
    ['the group is refused', system(0, { refuses: 'setgid' }), 'mail', 'user: could not become this user: EPERM'],
    ['it can be undone', system(0, { forgetful: true }), 'mail', 'user: became this user, and could be root again'],
  ])('fails if %s', (_, { identity }, user, message) => {
    expect(() => become(identity, user, undefined)).toThrow(message);
  });

  it('fails on a system without users', () => {
    expect(() => become(undefined, 'mail', undefined)).toThrow('user: there are no such users on this system');
  });

  it('knows the users of this machine', () => {
    const identity = processIdentity();
    expect(identity?.idOf('root', '-u')).toBe(0);
    expect(identity?.idOf('root', '-g')).toBe(0);
    expect(() => identity?.idOf('--help', '-u')).toThrow();
  });
});

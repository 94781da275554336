import { inheritedSockets, socketNamed } from './sockets.js';

const env = (fds: string, names?: string, pid = '7') => ({
  LISTEN_PID: pid,
  LISTEN_FDS: fds,
  ...(names === undefined ? {} : { LISTEN_FDNAMES: names }),
});

describe('sockets that systemd has opened', () => {
  it('are known by their names, from descriptor 3 on', () => {
    expect([...inheritedSockets(env('3', 'smtp:submission:smtp'), 7)]).toEqual([
      ['smtp', [3, 5]],
      ['submission', [4]],
    ]);
    expect([...inheritedSockets(env('1'), 7)]).toEqual([['unknown', [3]]]);
  });

  it.each([
    ['meant for another process', env('1', 'smtp', '8')],
    ['none', {}],
    ['no number', env('1e3', 'smtp')],
    ['a negative number', env('-1', 'smtp')],
    ['a hopeless number', env('99999', 'smtp')],
  ])('are none: %s', (_, given) => expect(inheritedSockets(given, 7).size).toBe(0));

  it('are given to whom asks by name', () => {
    const sockets = inheritedSockets(env('3', 'smtp:two:two'), 7);
    expect(socketNamed('smtp', sockets, 'listeners[0].systemd')).toEqual({ fd: 3 });
    const problem = (name: string, among = sockets) => socketNamed(name, among, 'listeners[0].systemd').issue?.message;
    expect(problem('smpt')).toBe('no socket of this name was passed by systemd (there are: smtp, two)');
    expect(problem('two')).toBe(
      'systemd has passed several sockets of this name: expected a FileDescriptorName for each',
    );
    expect(problem('smtp', new Map())).toBe('no socket of this name was passed by systemd: none was');
  });

  it('are not asked for where nothing will listen: check must work anywhere', () => {
    expect(socketNamed('smtp', undefined, 'listeners[0].systemd')).toEqual({});
  });
});

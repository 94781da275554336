/** Sockets that somebody else has opened for us: systemd's socket activation (sd_listen_fds(3)). */
import type { Issue } from '@mailverb/core';

/** File descriptors by the name that the `.socket` unit gives them (`FileDescriptorName=`). */
export type InheritedSockets = ReadonlyMap<string, readonly number[]>;

/** Descriptors begin behind standard input, output and error. */
const FIRST_FD = 3;
/** More are nobody's who means it. */
const MOST = 1024;

/**
 * Reads LISTEN_FDS, LISTEN_PID and LISTEN_FDNAMES.
 * @param pid whom they must be meant for: another process may have inherited them only by accident.
 */
export function inheritedSockets(env: Readonly<Record<string, string | undefined>>, pid: number): InheritedSockets {
  const sockets = new Map<string, number[]>();
  if (env['LISTEN_PID'] !== String(pid)) return sockets;
  const text = env['LISTEN_FDS'] ?? '';
  const count = /^\d{1,4}$/.test(text) ? Math.min(Number(text), MOST) : 0;
  // What the protocol calls a descriptor without a name.
  const names = env['LISTEN_FDNAMES']?.split(':') ?? [];
  for (let i = 0; i < count; i++) {
    const name = names[i] ?? 'unknown';
    sockets.set(name, [...(sockets.get(name) ?? []), FIRST_FD + i]);
  }
  return sockets;
}

/** The descriptor that a listener asks for, or why there is none; neither where nothing will listen. */
export function socketNamed(
  name: string,
  sockets: InheritedSockets | undefined,
  path: string,
): { readonly fd?: number; readonly issue?: Issue } {
  if (sockets === undefined) return {};
  const [fd, second] = sockets.get(name) ?? [];
  if (fd !== undefined && second === undefined) return { fd };
  const given = [...sockets.keys()].join(', ');
  const message =
    fd === undefined
      ? `no socket of this name was passed by systemd${given === '' ? ': none was' : ` (there are: ${given})`}`
      : 'systemd has passed several sockets of this name: expected a FileDescriptorName for each';
  return { issue: { path, message, value: name } };
}

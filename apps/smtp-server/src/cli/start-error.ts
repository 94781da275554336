/** Why a server could not start, in one line: which key of the configuration, and what is wrong with it. */
import { ConfigurationError, StartError, type ServerPlan } from '@mailverb/core';
import { keyPath } from '../configuration/path.js';
import { reasonOf } from '../errors.js';

/** One line, or several for a configuration that turned out to be wrong only now. */
export function explainStartError(error: unknown, plan: ServerPlan): string {
  if (error instanceof ConfigurationError) return error.message;
  if (!(error instanceof StartError)) return `cannot start: ${reasonOf(error)}`;
  const listener = plan.listeners.find(({ name }) => error.part === `listener ${name}`);
  const at = listener?.configPath;
  if (listener === undefined || at === undefined) return error.message;
  const { host = '127.0.0.1', port, path } = listener;
  const address = path ?? `${host.includes(':') ? `[${host}]` : host}:${port ?? ''}`;
  const key = keyPath(at, path === undefined ? 'port' : 'path');
  switch (error.code) {
    case 'EADDRINUSE':
      return `${key}: ${address} is already in use`;
    case 'EACCES':
    case 'EPERM':
      return path === undefined && port !== undefined && port < 1024
        ? `${key}: not allowed to listen on ${address}: ports below 1024 need a privilege (on Linux CAP_NET_BIND_SERVICE)`
        : `${key}: not allowed to listen on ${address}`;
    case 'EADDRNOTAVAIL':
      return `${keyPath(at, 'host')}: ${host} is not an address of this machine`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `${keyPath(at, 'host')}: ${host} is not known: expected an IP address or a name that resolves`;
    case 'ENOENT':
      return `${key}: the folder of ${address} does not exist`;
    default:
      return `${key}: cannot listen on ${address}: ${reasonOf(error.cause)}`;
  }
}

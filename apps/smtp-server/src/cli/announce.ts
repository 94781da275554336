/** What a server says to people when it starts: where it listens, where mail goes, how to try it. */
import { resolve } from 'node:path';
import type { PluginUse } from '@mailverb/contract';
import type { BoundAddress, ListenerPlan, ServerPlan } from '@mailverb/core';
import { keyPath } from '../configuration/path.js';
import type { Secrets } from '../configuration/secrets.js';
import { isPlainObject } from '../configuration/tree.js';

/** `127.0.0.1:2525`, `[::1]:25`, or a unix socket's path. */
export function formatAddress({ host = '', port, path }: Pick<BoundAddress, 'host' | 'port' | 'path'>): string {
  if (path !== undefined) return path;
  return `${host.includes(':') ? `[${host}]` : host}:${port ?? ''}`;
}

/** A few plain lines. */
export function announce(
  plan: ServerPlan,
  addresses: readonly BoundAddress[],
  { secrets, cwd, zeroConfiguration }: { secrets: Secrets; cwd: string; zeroConfiguration: boolean },
): string {
  const lines: string[] = [];
  const byName = new Map<string, ListenerPlan>(plan.listeners.map((listener) => [listener.name, listener]));
  for (const address of addresses) {
    const protocol = (byName.get(address.listener)?.protocol ?? 'smtp').toUpperCase();
    lines.push(`listening on ${formatAddress(address)} (${protocol}, ${address.listener})`);
  }
  for (const words of new Set(plan.listeners.map(({ delivery }) => whereMailGoes(delivery, secrets, cwd)))) {
    lines.push(`mail goes ${words}`);
  }
  const tcp = addresses.find(({ port }) => port !== undefined);
  if (zeroConfiguration && tcp !== undefined) lines.push(...tryIt(formatAddress(tcp)));
  return lines.map((line) => `${line}\n`).join('');
}

function tryIt(address: string): string[] {
  return [
    'any recipient is accepted, from this machine only; try it with one of',
    `  swaks --server ${address} --from me@example.org --to you@example.org`,
    `  printf 'Subject: hello\\r\\n\\r\\nIt works.\\r\\n' | curl -sS smtp://${address} --mail-from me@example.org --mail-rcpt you@example.org -T -`,
    'stop it with Ctrl+C',
  ];
}

/** Words to follow "mail goes". */
export function whereMailGoes(delivery: PluginUse | undefined, secrets: Secrets, cwd: string): string {
  if (delivery === undefined) return 'nowhere: there is no delivery';
  const options = isPlainObject(delivery.options) ? delivery.options : {};
  const path = secrets.show(keyPath(delivery.path ?? '', 'path'), options['path']);
  const shown = typeof path === 'string' ? path : undefined;
  const where = shown === undefined || shown === '***' ? shown : resolve(cwd, shown);
  switch (delivery.plugin.name) {
    case 'delivery-maildir':
      return where === undefined ? 'into a Maildir' : `into the Maildir ${where}`;
    case 'delivery-mbox':
      return where === undefined ? 'into an mbox file' : `into the mbox file ${where}`;
    case 'delivery-memory':
      return 'into memory, and is lost when the server stops';
    case 'delivery-discard':
      return 'nowhere: it is accepted and thrown away';
    default:
      return `to the delivery ${delivery.plugin.name.replace(/^delivery-/, '')}`;
  }
}

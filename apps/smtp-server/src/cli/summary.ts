/** A configuration in a line, and what somebody who wrote it may not have meant. */
import type { AssembledDelivery, AssembledListener, Assembly } from '@mailverb/core';
import { formatAddress } from './announce.js';

/** `1 listener: smtp-2525 on 127.0.0.1:2525 with 12 verbs, 9 keywords, 1 policy, delivery maildir (disk)`. */
export function summary(assembly: Assembly): string {
  const parts = assembly.listeners.map((listener) => {
    const policies = new Set(listener.stages.flatMap((stage) => stage.policies.map(({ name }) => name)));
    const delivery =
      listener.delivery === undefined ? 'no delivery' : `delivery ${describeDelivery(listener.delivery)}`;
    return [
      `${listener.name} on ${formatAddress(listener.address)} with ${count(listener.verbs.length, 'verb', 'verbs')}`,
      count(listener.keywords.length, 'EHLO keyword', 'EHLO keywords'),
      count(policies.size, 'policy', 'policies'),
      delivery,
    ].join(', ');
  });
  return `${count(assembly.listeners.length, 'listener', 'listeners')}: ${parts.join('; ')}`;
}

/** `maildir (disk)`, `router (disk): routes[0].to maildir (disk)`. */
function describeDelivery({ name, durability }: AssembledDelivery): string {
  return `${name} (${durability})`;
}

/** What is allowed, and probably a mistake. */
export function notes(assembly: Assembly): readonly string[] {
  return assembly.listeners.filter(takesMail).flatMap((listener) => {
    const rcpt = listener.stages.find(({ stage }) => stage === 'rcpt');
    const enforced = rcpt?.policies.some(({ mode }) => mode === 'enforce') === true;
    return enforced
      ? []
      : [
          `the listener ${listener.name} has no policy that could accept a recipient: every RCPT will be refused (see policies: recipients)`,
        ];
  });
}

function takesMail({ verbs }: AssembledListener): boolean {
  return verbs.some(({ verb }) => verb === 'RCPT');
}

function count(n: number, one: string, several: string): string {
  return `${n} ${n === 1 ? one : several}`;
}

/** Everything that is fuzzed. */
import type { Target } from '../engine/target.js';
import { hostTarget, mailboxTarget, pathTarget } from './addresses.js';
import { framingTarget } from './framing.js';
import { mailDataTarget } from './mail-data.js';
import { parametersTarget, valuesTarget, xtextTarget } from './parameters.js';
import { replyTarget } from './reply.js';
import { sessionTarget } from './session.js';
import { verbsTarget } from './verbs.js';

export const TARGETS: readonly Target[] = [
  framingTarget,
  mailDataTarget,
  replyTarget,
  mailboxTarget,
  hostTarget,
  pathTarget,
  parametersTarget,
  xtextTarget,
  valuesTarget,
  verbsTarget,
  sessionTarget,
];

/** @throws with a sentence for people. */
export function targetNamed(name: string): Target {
  const target = TARGETS.find((one) => one.name === name);
  if (target === undefined) throw new Error(`no target ${name}; there is ${TARGETS.map((one) => one.name).join(', ')}`);
  return target;
}

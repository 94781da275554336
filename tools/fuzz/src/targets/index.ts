/** Everything that is fuzzed. */
import type { Target } from '../engine/target.js';
import { hostTarget, mailboxTarget, pathTarget } from './addresses.js';
import { clientAttributesTarget } from './client-attributes.js';
import { framingTarget } from './framing.js';
import { mailDataTarget } from './mail-data.js';
import { parametersTarget, valuesTarget, xtextTarget } from './parameters.js';
import { ipTarget, proxyHeaderTarget } from './proxy-header.js';
import { replyTarget } from './reply.js';
import { saslTarget } from './sasl.js';
import { base64Target, gs2Target, namesTarget } from './sasl-text.js';
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
  clientAttributesTarget,
  proxyHeaderTarget,
  ipTarget,
  base64Target,
  gs2Target,
  namesTarget,
  saslTarget,
  sessionTarget,
];

/** @throws with a sentence for people. */
export function targetNamed(name: string): Target {
  const target = TARGETS.find((one) => one.name === name);
  if (target === undefined) throw new Error(`no target ${name}; there is ${TARGETS.map((one) => one.name).join(', ')}`);
  return target;
}

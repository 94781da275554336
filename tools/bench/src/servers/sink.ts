/**
 * Server process: apps/sink, as it is; with the argument `unlimited`, without the limits that would end a hostile client too soon to see; with
 * the files of a certificate and its key, with STARTTLS.
 */
// First: core brings reflect-metadata, which decorated plugins need when they are loaded.
import { runAssembled } from './assembled.js';
import { use } from '@mailverb/contract';
import type { ServerPlan } from '@mailverb/core';
import { startTlsPlugin as startTlsKeyword } from '@mailverb/extension-starttls';
import { sinkPlan } from '@mailverb/sink';
import { startTlsPlugin as startTlsVerb } from '@mailverb/verb-starttls';

const UNLIMITED = {
  messageSize: '64MiB',
  // By default a hundred NOOPs are answered 421: what a million do is seen only without that.
  commandsBeforeTransaction: 10_000_000,
};

const [first, key] = process.argv.slice(2);
const plan = sinkPlan({ port: 0, limits: first === 'unlimited' ? UNLIMITED : {} });
await runAssembled(first === undefined || key === undefined ? plan : withTls(plan, first, key));

function withTls(plain: ServerPlan, cert: string, key: string): ServerPlan {
  const listeners = plain.listeners.map((listener) => ({
    ...listener,
    plugins: [...listener.plugins, use(startTlsVerb), use(startTlsKeyword)],
    tls: { mode: 'starttls' as const, certificates: [{ cert, key }] },
  }));
  return { ...plain, listeners };
}

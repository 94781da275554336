/** A world for specs: collects what is said, gives signals when told to. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from '@mailverb/core';
import type { Io, StopSignal, StrayKind } from '../cli/io.js';
import type { InheritedSockets } from '../plan/sockets.js';
import type { Supervisor } from '../serve/supervisor.js';
import type { StartWorker, WorkerChannel } from '../serve/worker.js';
import { nativeImport } from './native-import.js';

/** The world, and what is to be seen and done in it. */
export class FakeIo implements Io {
  readonly machine = 'test.example.org';
  readonly processors = 4;
  readonly importModule = nativeImport;
  readonly createServer: Io['createServer'];
  stdout = '';
  stderr = '';
  readonly exits: number[] = [];
  sockets: InheritedSockets = new Map();
  worker: WorkerChannel | undefined;
  privileged = false;
  /** What whoever supervises was told. */
  readonly supervised: string[] = [];
  /** Whom it was told to become. */
  readonly became: (readonly [string, string | undefined])[] = [];
  /** What somebody would type, or what comes from standard input. */
  readonly secrets: (string | undefined)[] = [];
  readonly prompts: string[] = [];
  startWorker: StartWorker = () => Promise.reject(new Error('no workers here'));
  readonly supervisor: Supervisor = {
    ready: (addresses) => this.tell(`ready ${addresses.length}`),
    reloading: () => this.tell('reloading'),
    reloaded: (ok) => this.tell(ok ? 'reloaded' : 'not reloaded'),
    stopping: () => this.tell('stopping'),
  };
  private readonly reloadHandlers = new Set<() => void>();
  private readonly reopenHandlers = new Set<() => void>();
  private readonly signalHandlers = new Set<(signal: StopSignal) => void>();
  private readonly strayHandlers = new Set<(kind: StrayKind, error: unknown) => void>();
  private listening: { readonly text: string; readonly times: number; readonly resolve: () => void }[] = [];
  private waiting: { readonly text: string; readonly resolve: () => void }[] = [];

  constructor(
    readonly cwd: string,
    {
      env = {},
      create = createServer,
    }: { env?: Readonly<Record<string, string | undefined>>; create?: Io['createServer'] } = {},
  ) {
    this.env = env;
    this.createServer = create;
  }

  readonly env: Io['env'];

  out(text: string): void {
    this.stdout += text;
  }
  err(text: string): void {
    this.stderr += text;
    for (const one of this.waiting) if (this.stderr.includes(one.text)) one.resolve();
  }
  exit(code: number): void {
    this.exits.push(code);
  }
  onSignal(handler: (signal: StopSignal) => void): () => void {
    this.signalHandlers.add(handler);
    return () => this.signalHandlers.delete(handler);
  }
  onReload(handler: () => void): () => void {
    this.reloadHandlers.add(handler);
    return () => this.reloadHandlers.delete(handler);
  }
  onReopen(handler: () => void): () => void {
    this.reopenHandlers.add(handler);
    return () => this.reopenHandlers.delete(handler);
  }
  readSecret(prompt: string): Promise<string | undefined> {
    this.prompts.push(prompt);
    return Promise.resolve(this.secrets.shift());
  }
  become(user: string, group: string | undefined): void {
    this.became.push([user, group]);
  }
  onStray(handler: (kind: StrayKind, error: unknown) => void): () => void {
    this.strayHandlers.add(handler);
    return () => this.strayHandlers.delete(handler);
  }

  /** Resolves once `text` was said on standard error. */
  said(text: string): Promise<void> {
    if (this.stderr.includes(text)) return Promise.resolve();
    return new Promise((resolve) => this.waiting.push({ text, resolve }));
  }
  signal(signal: StopSignal): void {
    for (const handler of this.signalHandlers) handler(signal);
  }
  /** SIGHUP. */
  reload(): void {
    for (const handler of this.reloadHandlers) handler();
  }
  /** SIGUSR2. */
  reopen(): void {
    for (const handler of this.reopenHandlers) handler();
  }
  /** Resolves once whoever supervises was told so, for the `times`th time. */
  told(text: string, times = 1): Promise<void> {
    if (this.supervised.filter((one) => one.startsWith(text)).length >= times) return Promise.resolve();
    return new Promise((resolve) => this.listening.push({ text, times, resolve }));
  }
  private tell(text: string): void {
    this.supervised.push(text);
    for (const one of this.listening) {
      if (this.supervised.filter((told) => told.startsWith(one.text)).length >= one.times) one.resolve();
    }
  }
  stray(kind: StrayKind, error: unknown): void {
    for (const handler of this.strayHandlers) handler(kind, error);
  }
  /** Handlers that are still there: none, once a command is done. */
  get handlers(): number {
    return [this.signalHandlers, this.strayHandlers, this.reloadHandlers, this.reopenHandlers].reduce(
      (sum, { size }) => sum + size,
      0,
    );
  }
}

/** A new folder, with files in it. */
export function folderWith(files: Readonly<Record<string, string>>): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'mailverb-smtp-'));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content);
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

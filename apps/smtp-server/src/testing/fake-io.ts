/** A world for specs: collects what is said, gives signals when told to. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from '@mailverb/core';
import type { Io, StopSignal, StrayKind } from '../cli/io.js';
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
  private readonly signalHandlers = new Set<(signal: StopSignal) => void>();
  private readonly strayHandlers = new Set<(kind: StrayKind, error: unknown) => void>();
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
  stray(kind: StrayKind, error: unknown): void {
    for (const handler of this.strayHandlers) handler(kind, error);
  }
  /** Handlers that are still there: none, once a command is done. */
  get handlers(): number {
    return this.signalHandlers.size + this.strayHandlers.size;
  }
}

/** A new folder, with files in it. */
export function folderWith(files: Readonly<Record<string, string>>): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'mailverb-smtp-'));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content);
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

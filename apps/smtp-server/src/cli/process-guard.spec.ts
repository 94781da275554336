import { Logger, definePlugin, use, type LogFields } from '@mailverb/contract';
import { createServer, type Server } from '@mailverb/core';
import type { StrayKind } from './io.js';
import { processGuard } from './process-guard.js';

class Lines implements Logger {
  readonly lines: [string, LogFields][] = [];
  trace(): void {}
  debug(): void {}
  info(): void {}
  warn(): void {}
  error(fields: LogFields): void {
    this.lines.push(['error', fields]);
  }
  fatal(fields: LogFields): void {
    this.lines.push(['fatal', fields]);
  }
  child(): Logger {
    return this;
  }
  enabled(): boolean {
    return true;
  }
}

describe('failures that nobody caught (attack A24)', () => {
  const handlers = new Set<(kind: StrayKind, error: unknown) => void>();
  let lines: Lines;
  let fatal: number;
  let server: Server;
  const stray = (kind: StrayKind, error: unknown) => handlers.forEach((handler) => handler(kind, error));

  beforeEach(async () => {
    handlers.clear();
    lines = new Lines();
    fatal = 0;
    const logger = definePlugin({ name: 'lines', register: (contribute) => contribute.service(Logger, lines) });
    const guard = processGuard({
      onStray(handler) {
        handlers.add(handler);
        return () => handlers.delete(handler);
      },
      useLogger: (logger) => expect(logger).toBe(lines),
      onFatal: () => (fatal += 1),
    });
    server = await createServer({ hostname: 'mx.example.org', plugins: [use(logger), guard], listeners: [] });
  });

  it('are not watched before the server starts, nor after it has stopped', async () => {
    expect(handlers.size).toBe(0);
    await server.start();
    expect(handlers.size).toBe(1);
    await server.stop();
    expect(handlers.size).toBe(0);
  });

  it('a rejection is logged by the logger of the configuration, and the process lives', async () => {
    await server.start();
    const error = new Error('forgotten');
    stray('unhandledRejection', error);
    stray('unhandledRejection', 'not even an error');
    expect(lines.lines).toEqual([
      ['error', { error }],
      ['error', { error: 'not even an error' }],
    ]);
    expect(fatal).toBe(0);
    await server.stop();
  });

  it('an exception is logged and ends the process, once', async () => {
    await server.start();
    const error = new Error('half done');
    stray('uncaughtException', error);
    stray('uncaughtException', error);
    expect(lines.lines).toEqual([
      ['fatal', { error }],
      ['fatal', { error }],
    ]);
    expect(fatal).toBe(1);
    await server.stop();
  });

  it('are watched by a plugin that anybody can see', () => {
    expect(server.assembly.plugins.map(({ plugin }) => plugin)).toContain('process-guard');
  });
});

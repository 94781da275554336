/** What was measured, on what: without it numbers mean nothing later. */
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { cpus, release, totalmem, type as system } from 'node:os';
import { table } from './table.js';

const require = createRequire(import.meta.url);

interface Manifest {
  readonly version: string;
}

function packageVersion(name: string): string {
  return (require(`${name}/package.json`) as Manifest).version;
}

/** The commit, with a `+` if something is changed. */
function commit(): string {
  const git = (...args: string[]): string => execFileSync('git', args, { encoding: 'utf8' }).trim();
  try {
    return `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain', '-uno') === '' ? '' : '+'}`;
  } catch {
    return 'unknown';
  }
}

/** A table of versions. @param nodeFlags what the servers' node was given. */
export function versions(nodeFlags: readonly string[]): string {
  const processors = cpus();
  return table(
    ['what', 'version'],
    [
      ['mailverb', commit()],
      ['node', [process.version, ...nodeFlags].join(' ')],
      ['smtp-server', packageVersion('smtp-server')],
      ['system', `${system()} ${release()} ${process.arch}`],
      ['processor', `${processors.length} x ${processors[0]?.model.trim() ?? 'unknown'}`],
      ['memory', `${Math.round(totalmem() / 1024 ** 3)} GiB`],
    ],
  );
}

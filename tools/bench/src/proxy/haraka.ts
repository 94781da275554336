/** Haraka with one of its two ways of giving a message to another server at once. Installed from npm into a temporary folder, once for each run. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Contender, ContenderName } from './contenders.js';
import { freePort, startForeign } from './foreign.js';

const HARAKA = 'Haraka@3.3.4';

let installed: string | undefined;

/** Forgets what was installed. */
export function removeHaraka(): void {
  if (installed !== undefined) rmSync(installed, { recursive: true, force: true });
  installed = undefined;
}

export async function startHaraka(
  name: ContenderName,
  plugin: 'smtp_proxy' | 'smtp_forward',
  upstream: number,
): Promise<Contender | string> {
  let program: string;
  try {
    program = install();
  } catch (error) {
    return `${HARAKA} could not be installed: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : ''}`;
  }
  const folder = join(mkdtempSync(join(tmpdir(), 'mailverb-bench-haraka-')), 'server');
  const port = await freePort();
  // Its own beginning: without all of these files it greets nobody.
  execFileSync(process.execPath, [program, '-i', folder], { stdio: 'ignore' });
  mkdirSync(join(folder, 'queue'), { recursive: true });
  const config = (file: string, text: string) => writeFileSync(join(folder, 'config', file), text);
  // No other server here asks DNS for the client's name.
  mkdirSync(join(folder, 'plugins'), { recursive: true });
  writeFileSync(
    join(folder, 'plugins/no_rdns.js'),
    "exports.hook_lookup_rdns = (next) => next(OK, 'client.example');\n",
  );
  config('plugins', `no_rdns\nrcpt_to.in_host_list\nqueue/${plugin}\n`);
  config('host_list', 'example.org\n');
  config('me', 'mx.example.org\n');
  config('log.ini', '[main]\nlevel=error\n');
  config('smtp.ini', `listen=127.0.0.1:${port}\nnodes=0\n`);
  config(`${plugin}.ini`, `host=127.0.0.1\nport=${upstream}\nmax_connections=500\n`);
  const onStop = () => rmSync(folder, { recursive: true, force: true });
  return startForeign(name, [process.execPath, program, '-c', folder], port, { cwd: folder, onStop });
}

function install(): string {
  installed ??= mkdtempSync(join(tmpdir(), 'mailverb-bench-npm-'));
  const program = join(installed, 'node_modules/Haraka/bin/haraka');
  if (!existsSync(program)) {
    writeFileSync(join(installed, 'package.json'), '{ "private": true }');
    execFileSync('npm', ['install', '--no-audit', '--no-fund', '--no-save', HARAKA], {
      cwd: installed,
      stdio: 'ignore',
    });
  }
  return program;
}

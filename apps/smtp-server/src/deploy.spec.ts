/** The Dockerfile, which can't be built everywhere: what must be so for an image that is small, unprivileged and stops when it is told. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '../../..');
const lines = readFileSync(join(ROOT, 'apps/smtp-server/deploy/Dockerfile'), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'));
const of = (instruction: string): readonly string[] =>
  lines.filter((line) => line.startsWith(`${instruction} `)).map((line) => line.slice(instruction.length + 1));

it('knows no instruction that Docker does not', () => {
  const known = /^(?:FROM|WORKDIR|COPY|RUN|ENV|USER|VOLUME|EXPOSE|STOPSIGNAL|ENTRYPOINT|CMD) /;
  expect(lines.filter((line) => !known.test(line))).toEqual([]);
});

it('builds from the lock file, and leaves what only building needs', () => {
  expect(of('RUN')[0]).toMatch(/^npm ci .*&& npm prune --omit=dev/);
  expect(existsSync(join(ROOT, 'package-lock.json'))).toBe(true);
});

it('names a release of Node that the server runs on, and not the latest', () => {
  const images = of('FROM').map((from) => from.split(' ')[0] ?? '');
  expect(images.length).toBe(2);
  for (const image of images) expect(image).toMatch(/^node:2[0-9]-/);
});

it('does not run as root, and nothing stands between the signals and the server', () => {
  expect(of('USER')).toEqual(['node']);
  expect(of('STOPSIGNAL')).toEqual(['SIGTERM']);
  const [entry = '', command = ''] = [of('ENTRYPOINT')[0], of('CMD')[0]];
  const program = [...(JSON.parse(entry) as string[]), ...(JSON.parse(command) as string[])];
  expect(program.slice(0, 3)).toEqual(['node', '/opt/mailverb/apps/smtp-server/dist/main.cjs', 'serve']);
  expect(lines.indexOf('USER node')).toBeLessThan(lines.findIndex((line) => line.startsWith('ENTRYPOINT')));
});

it('what is ignored are things that are made', () => {
  const ignored = readFileSync(join(ROOT, 'apps/smtp-server/deploy/Dockerfile.dockerignore'), 'utf8');
  for (const name of ['.git', '**/node_modules', '**/dist']) expect(ignored.split('\n')).toContain(name);
});

/** What the pages for people name is there: a page that sends its reader to a file that was moved is worse than none. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const ROOT = join(__dirname, '../../..');
const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'docs/flow.md',
  'docs/rooms.md',
  'docs/specifications.md',
];

/** Where a link leads: `](path)`, or `[label]: path` at the beginning of a line. */
const LINK = /\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)$/gm;
/** In code within a line: what begins like a path of this workspace, or is a page's name. */
const CODE_PATH = /^(?:(?:libs|apps|tools|docs|\.ci)\/\S*|[A-Z]+\.md)$/;

/** True if a path from the root is there; `<name>` and `*` stand for one name, whichever. */
function exists(path: string): boolean {
  let found = [ROOT];
  for (const part of path.split('/').filter(Boolean)) {
    found = found.flatMap((folder) => {
      if (!/[<*]/.test(part)) return existsSync(join(folder, part)) ? [join(folder, part)] : [];
      const entries = readdirSync(folder, { withFileTypes: true });
      return entries.filter((entry) => entry.isDirectory()).map((entry) => join(folder, entry.name));
    });
  }
  return found.length > 0;
}

/** A heading as the part of a link behind `#`. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-');
}

/** What a page names that is not there, and the labels that lead nowhere. */
function broken(page: string, markdown: string): string[] {
  const text = markdown.replaceAll(/^```[\s\S]*?^```/gm, '');
  const prose = text.replaceAll(/`[^`\n]*`/g, '');
  const anchors = new Set([...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchor(heading)));
  const wrong: string[] = [];

  for (const [, inline, labelled] of prose.matchAll(LINK)) {
    const target = decodeURIComponent(inline ?? labelled ?? '');
    if (/^[a-z]+:/.test(target)) continue;
    if (target.startsWith('#')) {
      if (!anchors.has(target.slice(1))) wrong.push(target);
    } else if (!exists(relative(ROOT, join(ROOT, dirname(page), target.replace(/#.*/, ''))))) {
      wrong.push(target);
    }
  }
  for (const [, code = ''] of text.matchAll(/`([^`\n]+)`/g))
    if (CODE_PATH.test(code) && !exists(code)) wrong.push(code);

  const defined = new Set([...prose.matchAll(/^\[([^\]]+)\]: /gm)].map(([, label = '']) => label));
  // Brackets on a page that defines no labels are brackets.
  if (defined.size === 0) return wrong;
  const used = new Set([...prose.matchAll(/\[([^\][\n]+)\](?![(:])/g)].map(([, label = '']) => label));
  for (const label of used) if (!defined.has(label)) wrong.push(`[${label}]`);
  for (const label of defined) if (!used.has(label)) wrong.push(`[${label}], which nothing uses`);
  return wrong;
}

it.each(PAGES)('%s names nothing that is not there', (page) => {
  expect(broken(page, readFileSync(join(ROOT, page), 'utf8'))).toEqual([]);
});

it('what is not there is found', () => {
  const page = [
    '# A page',
    'See [here](../README.md), [there](gone.md), `libs/<room>/rcpt`, `libs/gone/<name>`, `GONE.md`, [below](#a-page), [above](#gone),',
    '[outside](https://example.org/), [flow], [lost]. `[code]`',
    '```sh',
    'cat libs/gone/file',
    '```',
    '[flow]: flow.md',
    '[moved]: moved.md',
  ].join('\n');
  expect(broken('docs/page.md', page)).toEqual([
    'gone.md',
    '#gone',
    'moved.md',
    'libs/gone/<name>',
    'GONE.md',
    '[lost]',
    '[moved], which nothing uses',
  ]);
});

import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificate } from '@mailverb/certificates';
import { createServer } from '@mailverb/core';
import { assemble, loadConfiguration } from '../plan/load.js';
import { BUILTIN_KINDS, builtinNames } from '../plugins/builtins.js';
import { FakeIo } from '../testing/fake-io.js';
import { configurationPage } from './configuration-page.js';
import { text } from './markdown.js';

const APP = join(__dirname, '../..');

describe('docs/configuration.md', () => {
  it('is what the schemas say: `npm run docs:configuration` writes it', async () => {
    expect(readFileSync(join(APP, '../../docs/configuration.md'), 'utf8')).toBe(await configurationPage());
  });

  it('names every built-in plugin', async () => {
    const page = await configurationPage();
    for (const name of BUILTIN_KINDS.flatMap(builtinNames)) {
      expect(page).toMatch(new RegExp(`^(####|Without options:).* \\[${name}\\]\\(`, 'm'));
    }
  });

  it('leads to pages that are there', async () => {
    const links = [...(await configurationPage()).matchAll(/\]\(([^)]+)\)/g)].map(([, path = '']) => path);
    expect(links.length).toBeGreaterThan(30);
    expect(links.filter((path) => !existsSync(join(APP, '../../docs', path)))).toEqual([]);
  });

  it.each(readdirSync(join(APP, 'examples')))('the example %s is a right configuration', async (name) => {
    const folder = mkdtempSync(join(tmpdir(), 'mailverb-examples-'));
    const before = process.cwd();
    try {
      // Paths in options are relative to where the server was started.
      process.chdir(folder);
      cpSync(join(APP, 'examples', name), join(folder, name));
      // What the example says must stand beside it.
      const { cert, key } = await makeCertificate({ names: ['mx.example.org'] });
      writeFileSync(join(folder, 'cert.pem'), cert);
      writeFileSync(join(folder, 'key.pem'), key);
      const loaded = await loadConfiguration(name, new FakeIo(folder));
      const { assembly } = (await assemble(loaded, createServer)).server;
      for (const listener of assembly.listeners) expect(listener.delivery).toBeDefined();
    } finally {
      process.chdir(before);
      rmSync(folder, { recursive: true });
    }
  });
});

describe('text in Markdown', () => {
  it.each([
    ['plain', 'plain'],
    ['*.example.org', '\\*.example.org'],
    ['<path>/<domain>', '&lt;path>/&lt;domain>'],
    ['see `a_b <c> *` there', 'see `a_b <c> *` there'],
    ['+ - _ .', '+ - \\_ .'],
    ['snake_case', 'snake_case'],
    ['[192.0.2.1]', '\\[192.0.2.1]'],
  ])('%s', (given, expected) => expect(text(given)).toBe(expected));
});

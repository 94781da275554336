/** The forms of table files: YAML or JSON with one mapping, or lines of `key value`. What is wrong is said with its line. */
import { isMap, isScalar, LineCounter, parseDocument } from 'yaml';
import { TableError, type Entry } from './table.js';

/** How a file is written. */
export type TableFormat = 'yaml' | 'lines';

/** By its name, where nobody says. */
export function formatOf(file: string): TableFormat {
  return /\.(?:ya?ml|json)$/i.test(file) ? 'yaml' : 'lines';
}

/** Reads it. @throws {TableError} at the first thing that can't be meant. */
export function readTable(text: string, format: TableFormat): Iterable<Entry> {
  return format === 'yaml' ? fromYaml(text) : fromLines(text);
}

function* fromYaml(text: string): Iterable<Entry> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const lineAt = (offset = 0) => lines.linePos(offset).line;
  const [error] = document.errors;
  if (error !== undefined) throw new TableError(lineAt(error.pos[0]), `this is not YAML (${error.code})`);
  const { contents } = document;
  // A file without anything in it is a table without anything in it.
  if (contents === null || (isScalar(contents) && contents.value === null)) return;
  if (!isMap(contents)) throw new TableError(1, 'expected one mapping of keys to values');
  for (const { key, value } of contents.items) {
    const line = isScalar(key) ? lineAt(key.range?.[0]) : 1;
    if (!isScalar(key) || (typeof key.value !== 'string' && typeof key.value !== 'number')) {
      throw new TableError(line, 'expected a key that is a text');
    }
    // As it is written: 0123 is no number here.
    yield { key: key.source ?? String(key.value), value: value?.toJS(document) ?? null, line };
  }
}

function* fromLines(text: string): Iterable<Entry> {
  let line = 0;
  for (let at = 0; at < text.length;) {
    const end = text.indexOf('\n', at);
    const written = text.slice(at, end === -1 ? text.length : end).trim();
    at = end === -1 ? text.length : end + 1;
    line += 1;
    if (written === '' || written.startsWith('#')) continue;
    const space = endOfKey(written);
    const value = written.slice(space).trim();
    if (value === '') throw new TableError(line, 'expected a key, a space and a value');
    yield { key: written.slice(0, space), value, line };
  }
}

/** A quoted local part may have spaces in it. */
function endOfKey(text: string): number {
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') quoted = !quoted;
    else if (quoted && character === '\\') at++;
    else if (!quoted && (character === ' ' || character === '\t')) return at;
  }
  return text.length;
}

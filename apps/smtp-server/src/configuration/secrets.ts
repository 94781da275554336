/**
 * What must not be printed: values that came from references, and values whose key is named like a secret (attack A23).
 * A value that is shown goes through {@link Secrets.show}; a text that others made goes through {@link Secrets.scrub}.
 */
import { indexPath, isWithin, keyPath } from './path.js';
import type { Referenced } from './references.js';
import { isPlainObject, mapValues } from './tree.js';

/** What stands for a hidden value. */
export const HIDDEN = '***';

const SECRET_WORDS: ReadonlySet<string> = new Set(
  ['password', 'passwd', 'passphrase', 'secret', 'token', 'key', 'credential', 'header', 'authorization'].flatMap(
    (word) => [word, `${word}s`],
  ),
);

/** Keys that are named like secrets, and hold the name of a file. */
const FILE_NAMES = /^(?:listeners\[\d+\]\.)?tls\.(?:certificates\[\d+\]\.)?key$/;

/** Who logs in where a URL leads, and often with which password. */
const URL_USER = /(\b[a-z][a-z0-9+.-]*:\/\/)[^/?#\s"@]*@/gi;

/** Shorter texts are not looked for in others' texts: `no` or `25` would be found everywhere. */
const SHORTEST_SCRUBBED = 4;

/** True if the key's last word says that its value is a secret: `password`, `apiKey`, `auth_token`. */
export function isSecretName(key: string): boolean {
  const last = key
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .split(/[^A-Za-z0-9]+/)
    .at(-1);
  return last !== undefined && SECRET_WORDS.has(last.toLowerCase());
}

/** Knows what is hidden in one configuration. */
export class Secrets {
  private readonly paths = new Set<string>();
  private readonly texts = new Set<string>();

  /** @param tree the configuration, references expanded. */
  constructor(tree: unknown, referenced: ReadonlyMap<string, Referenced>) {
    for (const [path, { text }] of referenced) this.hide(path, text);
    this.findNamed(tree, '');
  }

  /** True if the value at `path`, or one that it is part of, is hidden. */
  hides(path: string): boolean {
    for (const hidden of this.paths) if (isWithin(path, hidden)) return true;
    return false;
  }

  /** A copy of the value at `path` that can be printed. */
  show(path: string, value: unknown): unknown {
    if (value === undefined) return undefined;
    if (this.hides(path)) return HIDDEN;
    if (Array.isArray(value)) return value.map((element: unknown, i) => this.show(indexPath(path, i), element));
    if (isPlainObject(value)) return mapValues(value, (element, key) => this.show(keyPath(path, key), element));
    return typeof value === 'string' ? value.replaceAll(URL_USER, `$1${HIDDEN}@`) : value;
  }

  /** A text with every hidden value that stands in it as a word of its own replaced. */
  scrub(text: string): string {
    let out = text;
    for (const secret of this.texts) out = replaceWord(out, secret);
    return out.replaceAll(URL_USER, `$1${HIDDEN}@`);
  }

  private findNamed(value: unknown, path: string): void {
    if (Array.isArray(value)) {
      value.forEach((element: unknown, i) => this.findNamed(element, indexPath(path, i)));
    } else if (isPlainObject(value)) {
      for (const [key, element] of Object.entries(value)) {
        const at = keyPath(path, key);
        if (isSecretName(key) && !FILE_NAMES.test(at)) this.hide(at, element);
        else this.findNamed(element, at);
      }
    }
  }

  private hide(path: string, value: unknown): void {
    this.paths.add(path);
    if (typeof value === 'string' || typeof value === 'number') {
      if (String(value).length >= SHORTEST_SCRUBBED) this.texts.add(String(value));
    } else if (Array.isArray(value)) {
      for (const element of value as unknown[]) this.hide(path, element);
    } else if (isPlainObject(value)) {
      for (const element of Object.values(value)) this.hide(path, element);
    }
  }
}

function replaceWord(text: string, word: string): string {
  let out = '';
  let at = 0;
  for (let found = text.indexOf(word); found !== -1; found = text.indexOf(word, at)) {
    const end = found + word.length;
    const alone = !isWordCharacter(text.charAt(found - 1)) && !isWordCharacter(text.charAt(end));
    out += text.slice(at, found) + (alone ? HIDDEN : word);
    at = end;
  }
  return out + text.slice(at);
}

function isWordCharacter(character: string): boolean {
  return /^[\p{L}\p{N}]$/u.test(character);
}

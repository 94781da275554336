/**
 * References: `${env:NAME}`, `${env:NAME:-default}` and `${file:PATH}` in any string of the configuration; `$${` is a literal `${`.
 *
 * They are expanded after the file was parsed, and what they bring in is not looked at again: a variable or a file can fill in a string,
 * never add a key, a list entry or another reference. Where each came to stand is kept, because such values are not to be printed.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Issue } from '@mailverb/core';
import { codeOf, reasonOf } from '../errors.js';
import { indexPath, keyPath } from './path.js';
import { isPlainObject, mapValues } from './tree.js';

/** Where references are looked up. */
export interface ReferenceSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The folder that `${file:…}` starts from: that of the configuration file. */
  readonly folder: string;
}

/** A string that had a reference in it. */
export interface Referenced {
  /** After expansion. */
  readonly text: string;
  /** True if the reference was the whole string: where a number is wanted, its text may be one. */
  readonly whole: boolean;
}

/** The tree with every reference replaced. */
export interface Expanded {
  readonly value: unknown;
  /** By path. */
  readonly referenced: ReadonlyMap<string, Referenced>;
  readonly issues: readonly Issue[];
}

/** Expands every string value in a tree of lists and plain objects; keys and anything else stay as they are. */
export function expandReferences(tree: unknown, sources: ReferenceSources): Expanded {
  const referenced = new Map<string, Referenced>();
  const issues: Issue[] = [];
  const walk = (value: unknown, path: string): unknown => {
    if (typeof value === 'string') {
      if (!value.includes('${')) return value;
      const result = expandString(value, sources);
      if ('problem' in result) {
        issues.push({ path, message: result.problem, value });
        return value;
      }
      if (result.references) referenced.set(path, { text: result.text, whole: result.whole });
      return result.text;
    }
    if (Array.isArray(value)) return value.map((element: unknown, i) => walk(element, indexPath(path, i)));
    if (isPlainObject(value)) return mapValues(value, (element, key) => walk(element, keyPath(path, key)));
    return value;
  };
  return { value: walk(tree, ''), referenced, issues };
}

type StringResult =
  { readonly text: string; readonly references: boolean; readonly whole: boolean } | { readonly problem: string };

function expandString(text: string, sources: ReferenceSources): StringResult {
  let out = '';
  let at = 0;
  let references = 0;
  let whole = false;
  for (;;) {
    const open = text.indexOf('${', at);
    if (open === -1) break;
    if (open > at && text.charAt(open - 1) === '$') {
      out += `${text.slice(at, open - 1)}\${`;
      at = open + 2;
      continue;
    }
    const close = text.indexOf('}', open);
    if (close === -1) return { problem: 'a reference is not closed: expected } after ${' };
    const found = lookUp(text.slice(open + 2, close), sources);
    if ('problem' in found) return found;
    references += 1;
    whole = open === 0 && close === text.length - 1;
    out += text.slice(at, open) + found.text;
    at = close + 1;
  }
  return { text: out + text.slice(at), references: references > 0, whole };
}

function lookUp(reference: string, { env, folder }: ReferenceSources): { text: string } | { problem: string } {
  const colon = reference.indexOf(':');
  const scheme = colon === -1 ? reference : reference.slice(0, colon);
  const rest = colon === -1 ? '' : reference.slice(colon + 1);
  if (scheme === 'env' && rest !== '') {
    const dash = rest.indexOf(':-');
    const name = dash === -1 ? rest : rest.slice(0, dash);
    const value = env[name];
    // As in a shell: with `:-` an empty variable counts as unset.
    if (dash !== -1) return { text: value === undefined || value === '' ? rest.slice(dash + 2) : value };
    return value === undefined ? { problem: `the environment variable ${name} is not set` } : { text: value };
  }
  if (scheme === 'file' && rest !== '') {
    try {
      return { text: readFileSync(resolve(folder, rest), 'utf8').replace(/\r?\n$/, '') };
    } catch (error) {
      return { problem: `cannot read the file ${rest}: ${whyUnreadable(error)}` };
    }
  }
  return { problem: 'expected ${env:NAME}, ${env:NAME:-default} or ${file:PATH}; write $${ for a literal ${' };
}

/** Why a file can't be read, in words. */
export function whyUnreadable(error: unknown): string {
  const code = codeOf(error);
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EISDIR') return 'it is a folder';
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied';
  return reasonOf(error);
}

/** Where something stands in the configuration, as people read it and as the core writes it: `listeners[0].policies[1].domains`. */

/** The path of a key of what stands at `parent`. */
export function keyPath(parent: string, key: string): string {
  return parent === '' ? key : `${parent}.${key}`;
}

/** The path of an element of the list at `parent`. */
export function indexPath(parent: string, index: number): string {
  return `${parent}[${index}]`;
}

/** A path from its parts, as validators give it. */
export function joinPath(parent: string, parts: readonly PropertyKey[]): string {
  return parts.reduce<string>(
    (path, part) => (typeof part === 'number' ? indexPath(path, part) : keyPath(path, String(part))),
    parent,
  );
}

/** True if `path` is `ancestor` or stands inside it. */
export function isWithin(path: string, ancestor: string): boolean {
  if (ancestor === '' || path === ancestor) return true;
  const next = path.charAt(ancestor.length);
  return path.startsWith(ancestor) && (next === '.' || next === '[');
}

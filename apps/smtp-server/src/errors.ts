/** What was thrown, in words. It may be anything, and an error of another realm (a module's, a worker's) is no `instanceof Error`. */

/** Why something failed, in one line. */
export function reasonOf(error: unknown): string {
  const message = textAt(error, 'message');
  const name = textAt(error, 'name');
  const text =
    message === undefined ? String(error) : name === undefined || name === 'Error' ? message : `${name}: ${message}`;
  return (text.split('\n', 1)[0] ?? '').trim();
}

/** Node's code of an error: `ENOENT`, `ERR_MODULE_NOT_FOUND`. */
export function codeOf(error: unknown): string | undefined {
  return textAt(error, 'code');
}

/** Where it came from, for who debugs. */
export function stackOf(error: unknown): string {
  return textAt(error, 'stack') ?? String(error);
}

function textAt(error: unknown, key: string): string | undefined {
  const value: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, key) : undefined;
  return typeof value === 'string' ? value : undefined;
}

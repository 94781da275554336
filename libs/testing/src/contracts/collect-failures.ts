/** Runs a contract suite without jest taking notice, to see that it fails where it should. Only for this library's own specs. */

interface Collected {
  readonly name: string;
  readonly run: () => unknown;
}

/** The names of the tests that fail, of those that `define` defines. */
export async function failuresOf(define: () => void): Promise<readonly string[]> {
  const failed: string[] = [];
  for (const { name, run } of collect(define)) {
    try {
      await run();
    } catch {
      failed.push(name);
    }
  }
  return failed;
}

function collect(define: () => void): readonly Collected[] {
  const tests: Collected[] = [];
  const collectOne = (name: string, run: () => unknown): void => void tests.push({ name, run });
  const each = (rows: readonly unknown[]) => (name: string, run: (row: unknown) => unknown) => {
    for (const row of rows) tests.push({ name, run: () => run(row) });
  };
  const stand = { describe: (_name: string, body: () => void) => body(), it: Object.assign(collectOne, { each }) };
  const real = { describe: globalThis.describe, it: globalThis.it };
  Object.assign(globalThis, stand);
  try {
    define();
  } finally {
    Object.assign(globalThis, real);
  }
  return tests;
}

// All kinds of clients for a while, good and bad: nothing may grow, nothing may be lost.
// usage: node tools/e2e/scripts/soak.mjs [--seconds 60] [--clients 20]   (build first: npx tsc -b)
import { existsSync } from 'node:fs';

const built = new URL('../dist/soak/main.js', import.meta.url);
if (!existsSync(built)) {
  process.stderr.write('not built yet: npx tsc -b\n');
  process.exit(1);
}
const { main } = await import(built.href);

await main();

// kill -9 under load: nothing that was answered 250 may be missing, and nothing half may be in new/.
// usage: node tools/e2e/scripts/kill-loop.mjs [--rounds 50] [--clients 8] [--within 1000]   (build first: npx tsc -b)
import { existsSync } from 'node:fs';

const built = new URL('../dist/kill/main.js', import.meta.url);
if (!existsSync(built)) {
  process.stderr.write('not built yet: npx tsc -b\n');
  process.exit(1);
}
const { main } = await import(built.href);

await main();

// kill -9 under load: nothing that was answered 250 may be missing, and nothing half may be in new/.
// usage: node tools/e2e/scripts/kill-loop.mjs [--rounds 50] [--clients 8] [--within 1000]   (build first: npx tsc -b)
import { main } from '../dist/kill/main.js';

await main();

/** `npm run docs:configuration`: writes docs/configuration.md. */
import { writeFileSync } from 'node:fs';
import { configurationPage } from './configuration-page.js';

writeFileSync(new URL('../../../../docs/configuration.md', import.meta.url), await configurationPage());

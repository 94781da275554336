// One run over every project; each has a jest.config.cjs of its own, so that `nx test <project>` works too.
const { existsSync, readdirSync } = require('node:fs');
const { join } = require('node:path');

const folders = (parent) =>
  readdirSync(parent, { withFileTypes: true })
    .filter((d) => d.isDirectory())
    .map((d) => join(parent, d.name));
const candidates = [...folders('apps'), ...folders('libs'), ...folders('libs').flatMap(folders), ...folders('tools')];

module.exports = {
  projects: candidates.filter((d) => existsSync(join(d, 'jest.config.cjs'))).map((d) => `<rootDir>/${d}`),
  // One less than there are processors is the default, and then two of them do the work of one.
  maxWorkers: '100%',
  // What a worker keeps of thousands of modules is given back.
  workerIdleMemoryLimit: '1GB',
  coverageProvider: 'v8',
};

// Not jest.config.cjs: the root's `npm test` takes every project of that name, and these need other programs, ports and time.
module.exports = {
  ...require('../../jest.preset.cjs'),
  displayName: 'e2e',
  rootDir: __dirname,
  setupFilesAfterEnv: ['<rootDir>/src/after-each.ts'],
  // The machine may be busy, and nothing here is about time: this only ends what hangs.
  testTimeout: 300_000,
};

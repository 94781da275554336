module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'logging-console', rootDir: __dirname };

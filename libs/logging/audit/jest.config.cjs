module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'logging-audit', rootDir: __dirname };

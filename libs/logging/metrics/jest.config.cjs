module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'logging-metrics', rootDir: __dirname };

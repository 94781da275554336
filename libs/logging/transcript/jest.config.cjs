module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'logging-transcript', rootDir: __dirname };

module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'verb-noop', rootDir: __dirname };

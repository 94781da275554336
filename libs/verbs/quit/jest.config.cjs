module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'verb-quit', rootDir: __dirname };

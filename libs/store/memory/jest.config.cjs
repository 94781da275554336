module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'store-memory', rootDir: __dirname };

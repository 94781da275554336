module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'verb-lhlo', rootDir: __dirname };

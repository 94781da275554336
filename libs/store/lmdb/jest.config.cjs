module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'store-lmdb', rootDir: __dirname };

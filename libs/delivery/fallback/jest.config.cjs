module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'delivery-fallback', rootDir: __dirname };

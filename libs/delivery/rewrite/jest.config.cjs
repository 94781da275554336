module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'delivery-rewrite', rootDir: __dirname };

module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'delivery-discard', rootDir: __dirname };

module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'delivery-tee', rootDir: __dirname };

module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'delivery-forward', rootDir: __dirname };

module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'delivery-webhook', rootDir: __dirname };

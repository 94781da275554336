module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'delivery-lmtp', rootDir: __dirname };

module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'delivery-mirror', rootDir: __dirname };

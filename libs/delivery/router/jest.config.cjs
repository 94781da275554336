module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'delivery-router', rootDir: __dirname };

module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'delivery-memory', rootDir: __dirname };

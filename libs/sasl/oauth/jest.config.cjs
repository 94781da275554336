module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'sasl-oauth', rootDir: __dirname };

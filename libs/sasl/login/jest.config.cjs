module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'sasl-login', rootDir: __dirname };

module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'sasl-plain', rootDir: __dirname };

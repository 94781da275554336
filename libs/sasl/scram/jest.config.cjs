module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'sasl-scram', rootDir: __dirname };

module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'sasl-external', rootDir: __dirname };

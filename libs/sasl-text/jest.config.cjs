module.exports = { ...require('../../jest.preset.cjs'), displayName: 'sasl-text', rootDir: __dirname };

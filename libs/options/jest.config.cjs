module.exports = { ...require('../../jest.preset.cjs'), displayName: 'options', rootDir: __dirname };

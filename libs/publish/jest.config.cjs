module.exports = { ...require('../../jest.preset.cjs'), displayName: 'publish', rootDir: __dirname };

module.exports = { ...require('../../jest.preset.cjs'), displayName: 'body', rootDir: __dirname };

module.exports = { ...require('../../jest.preset.cjs'), displayName: 'log-file', rootDir: __dirname };

module.exports = { ...require('../../jest.preset.cjs'), displayName: 'log-text', rootDir: __dirname };

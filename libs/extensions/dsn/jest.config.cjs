module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'extension-dsn', rootDir: __dirname };

module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'extension-8bitmime', rootDir: __dirname };

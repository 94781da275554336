module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'verb-expn', rootDir: __dirname };

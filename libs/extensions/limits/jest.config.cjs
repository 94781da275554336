module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'extension-limits', rootDir: __dirname };

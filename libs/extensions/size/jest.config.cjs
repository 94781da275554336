module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'extension-size', rootDir: __dirname };

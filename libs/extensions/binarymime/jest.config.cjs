module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'extension-binarymime', rootDir: __dirname };

module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'extension-chunking', rootDir: __dirname };

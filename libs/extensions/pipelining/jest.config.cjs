module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'extension-pipelining', rootDir: __dirname };

module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'extension-auth', rootDir: __dirname };

module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'verb-auth', rootDir: __dirname };

module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'verb-mail', rootDir: __dirname };

module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'verb-bdat', rootDir: __dirname };

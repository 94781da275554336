module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'verb-data', rootDir: __dirname };

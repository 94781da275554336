module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'verb-help', rootDir: __dirname };

module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'verb-xclient', rootDir: __dirname };

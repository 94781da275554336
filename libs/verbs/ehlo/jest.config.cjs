module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'verb-ehlo', rootDir: __dirname };

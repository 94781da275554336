module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'verb-helo', rootDir: __dirname };

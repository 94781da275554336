module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'verb-rset', rootDir: __dirname };

module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'verb-rcpt', rootDir: __dirname };

module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'auth-smtp', rootDir: __dirname };

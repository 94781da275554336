module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'auth-http', rootDir: __dirname };

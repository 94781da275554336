module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'policy-sender-login', rootDir: __dirname };

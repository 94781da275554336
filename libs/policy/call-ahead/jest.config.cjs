module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'policy-call-ahead', rootDir: __dirname };

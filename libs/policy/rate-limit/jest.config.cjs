module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'policy-rate-limit', rootDir: __dirname };

module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'policy-dnsbl', rootDir: __dirname };

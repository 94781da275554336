module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'policy-helo-check', rootDir: __dirname };

module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'policy-unless', rootDir: __dirname };

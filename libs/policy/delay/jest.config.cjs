module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'policy-delay', rootDir: __dirname };

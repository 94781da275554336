module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'policy-fcrdns', rootDir: __dirname };

module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'policy-require', rootDir: __dirname };

module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'policy-recipients', rootDir: __dirname };

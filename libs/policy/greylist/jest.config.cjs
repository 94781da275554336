module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'policy-greylist', rootDir: __dirname };

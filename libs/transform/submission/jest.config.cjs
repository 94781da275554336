module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'transform-submission', rootDir: __dirname };

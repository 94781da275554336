module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'transform-return-path', rootDir: __dirname };

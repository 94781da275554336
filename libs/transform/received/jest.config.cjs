module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'transform-received', rootDir: __dirname };

module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'verb-vrfy', rootDir: __dirname };

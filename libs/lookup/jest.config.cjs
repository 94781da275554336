module.exports = { ...require('../../jest.preset.cjs'), displayName: 'lookup', rootDir: __dirname };

module.exports = { ...require('../../jest.preset.cjs'), displayName: 'next-hop', rootDir: __dirname };

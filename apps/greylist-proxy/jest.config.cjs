module.exports = { ...require('../../jest.preset.cjs'), displayName: 'greylist-proxy', rootDir: __dirname };

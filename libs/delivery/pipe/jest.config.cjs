module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'delivery-pipe', rootDir: __dirname };

module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'delivery-mbox', rootDir: __dirname };

module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'delivery-mx', rootDir: __dirname };

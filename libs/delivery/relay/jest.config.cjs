module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'delivery-relay', rootDir: __dirname };

module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'delivery-nats', rootDir: __dirname };

module.exports = { ...require('../../../jest.preset.cjs'), displayName: 'delivery-amqp', rootDir: __dirname };

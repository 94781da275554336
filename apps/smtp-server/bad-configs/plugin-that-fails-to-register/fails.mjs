export default {
  name: 'fails',
  register() {
    throw new Error('not today');
  },
};

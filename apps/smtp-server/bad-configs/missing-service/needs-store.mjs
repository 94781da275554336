export default {
  name: 'needs-store',
  needs: [Symbol.for('mailverb:Store')],
  register: (contribute) => contribute.policy('needs-store', {}),
};

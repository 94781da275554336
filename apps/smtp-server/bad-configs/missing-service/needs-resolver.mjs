export default {
  name: 'needs-resolver',
  needs: [Symbol.for('mailverb:Resolver')],
  register: (contribute) => contribute.policy('needs-resolver', {}),
};

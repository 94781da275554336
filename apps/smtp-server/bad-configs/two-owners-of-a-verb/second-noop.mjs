export default {
  name: 'second-noop',
  register(contribute) {
    contribute.verb({
      name: 'NOOP',
      phases: ['connected', 'greeted'],
      parse: () => undefined,
      perform: () => undefined,
    });
  },
};

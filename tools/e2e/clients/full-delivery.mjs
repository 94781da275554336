// A delivery that takes every recipient and then has no room for the message: 452 at the end.
import { definePlugin, outcomes } from '@mailverb/contract';
import { reply } from '@mailverb/protocol';

export default definePlugin({
  name: 'delivery-full',
  register(contribute) {
    contribute.delivery('full', {
      durability: 'disk',
      begin() {
        const taken = [];
        return {
          recipient: (recipient) => void taken.push(recipient),
          body: async (body) => {
            while ((await body.read()) !== undefined);
          },
          commit: () => outcomes(taken, reply(452, '4.2.2', 'mailbox full')),
          abort: () => undefined,
        };
      },
    });
  },
});

/** The contract suite of deliveries finds what is wrong with a delivery. */
import {
  outcomes,
  type Body,
  type DeliveryStrategy,
  type DeliveryTransaction,
  type Outcome,
  type Recipient,
} from '@mailverb/contract';
import { collect } from '@mailverb/body';
import { reply, type Reply } from '@mailverb/protocol';
import { failuresOf } from './collect-failures.js';
import { describeDelivery, type DeliveryUnderTest } from './describe-delivery.js';
import { ScriptedDelivery } from './scripted-delivery.js';

const OK = reply(250, '2.0.0', 'ok');
const NO = reply(550, '5.1.1', 'no');
const REFUSED = 'refused@example.org';

/** A delivery that does everything right. Those below each do one thing wrong. */
class Good implements DeliveryTransaction {
  protected readonly taken: Recipient[] = [];
  protected bytes: Uint8Array | undefined;
  protected over = false;

  constructor(protected readonly store: Uint8Array[]) {}

  recipient(recipient: Recipient): Reply | undefined {
    if (recipient.mailbox.address === REFUSED) return NO;
    this.taken.push(recipient);
    return undefined;
  }

  async body(body: Body): Promise<void> {
    this.bytes = await collect(body);
  }

  commit(): readonly Outcome[] {
    if (this.over) throw new Error('aborted');
    this.over = true;
    if (this.bytes !== undefined) this.store.push(this.bytes);
    return outcomes(this.taken, OK);
  }

  abort(): void {
    this.over = true;
  }
}

class KeepsViews extends Good {
  override async body(body: Body): Promise<void> {
    const views: Uint8Array[] = [];
    for await (const chunk of body) views.push(chunk);
    this.bytes = Buffer.concat(views);
  }
}

class ShowsTooEarly extends Good {
  override async body(body: Body): Promise<void> {
    this.store.push(await collect(body));
  }
}

class SwallowsAborts extends Good {
  override async body(body: Body): Promise<void> {
    await super.body(body).catch(() => undefined);
  }
}

class StoresHalves extends Good {
  override async body(body: Body): Promise<void> {
    const halves: Uint8Array[] = [];
    try {
      for await (const chunk of body) halves.push(Uint8Array.from(chunk));
    } catch (error) {
      this.store.push(Buffer.concat(halves));
      throw error;
    }
    this.bytes = Buffer.concat(halves);
  }
}

class AbortsOnce extends Good {
  override abort(): void {
    if (this.over) throw new Error('aborted twice');
    this.over = true;
  }
}

class CannotAbort extends Good {
  override abort(): void {
    if (this.bytes !== undefined) this.store.push(this.bytes);
  }
}

class ForgetsOrder extends Good {
  override commit(): readonly Outcome[] {
    return super.commit().toReversed();
  }
}

class ForgetsSomebody extends Good {
  override commit(): readonly Outcome[] {
    return super.commit().slice(0, 1);
  }
}

class AnswersForTheRefused extends Good {
  override recipient(recipient: Recipient): Reply | undefined {
    this.taken.push(recipient);
    return recipient.mailbox.address === REFUSED ? NO : undefined;
  }
}

class DropsTheEmpty extends Good {
  override commit(): readonly Outcome[] {
    if (this.bytes?.length === 0) this.bytes = undefined;
    return super.commit();
  }
}

class IsNotClean extends Good {
  override async body(body: Body): Promise<void> {
    this.bytes = (await collect(body)).map((byte) => byte & 0x7f);
  }
}

class SaysYesAfterAbort extends Good {
  override commit(): Outcome[] {
    return [...outcomes(this.taken, OK)];
  }
}

class SaysYesAfterAbortAndForgets extends Good {
  override commit(): readonly Outcome[] {
    return this.over ? outcomes(this.taken, OK) : super.commit();
  }
}

class ForgetsAbortForALateRecipient extends Good {
  override recipient(recipient: Recipient): Reply | undefined {
    this.over = false;
    return super.recipient(recipient);
  }
}

class LateRecipient extends Good {
  override recipient(recipient: Recipient): Reply | undefined {
    void Promise.resolve().then(() => (this.over = false));
    return super.recipient(recipient);
  }
}

let last: Uint8Array | undefined;
class MixesUp extends Good {
  override async body(body: Body): Promise<void> {
    await super.body(body);
    last = this.bytes;
  }
  override commit(): readonly Outcome[] {
    this.bytes = last;
    return super.commit();
  }
}

function under(Transaction: new (store: Uint8Array[]) => DeliveryTransaction): DeliveryUnderTest {
  const store: Uint8Array[] = [];
  const strategy: DeliveryStrategy = { durability: 'memory', begin: () => new Transaction(store) };
  return { strategy, stored: async () => store };
}

const failures = (make: () => DeliveryUnderTest): Promise<readonly string[]> =>
  failuresOf(() => describeDelivery('test', make, { refused: REFUSED }));

describe('describeDelivery', () => {
  it('finds nothing wrong with good deliveries', async () => {
    expect(await failures(() => under(Good))).toEqual([]);
    const scripted = () => {
      const strategy = new ScriptedDelivery({ recipient: (to) => (to === REFUSED ? NO : undefined) });
      const leftovers = async () => (strategy.open === 0 ? [] : ['an open transaction']);
      return { strategy, leftovers, stored: async () => strategy.messages.map((message) => message.bytes) };
    };
    expect(await failures(scripted)).toEqual([]);
  });

  it.each([
    [KeepsViews, 'stores a message byte for byte, and says 250'],
    [ShowsTooEarly, 'shows nothing before commit'],
    [SwallowsAborts, 'when the body aborts after 1000 octets'],
    [StoresHalves, 'when the body aborts after 1000 octets'],
    [AbortsOnce, 'when it is aborted before the body'],
    [CannotAbort, 'when it is aborted after the body'],
    [ForgetsOrder, 'gives one outcome for each recipient that was taken, in their order'],
    [ForgetsSomebody, 'gives one outcome for each recipient that was taken, in their order'],
    [AnswersForTheRefused, 'refuses a recipient without harm to the others'],
    [DropsTheEmpty, 'stores any size in any chunks, zero octets too'],
    [IsNotClean, 'keeps every byte from 0 to 255'],
    [SaysYesAfterAbort, 'or all of it, when it is aborted while it commits'],
    [SaysYesAfterAbortAndForgets, 'when it is told to commit after an abort'],
    [ForgetsAbortForALateRecipient, 'when it is used on after an abort, whoever was taken before'],
    [LateRecipient, 'when it is used on after an abort while a recipient was asked for'],
    [MixesUp, 'keeps transactions apart that run at the same time'],
  ])('%p fails where it must', async (Transaction, test) => {
    expect(await failures(() => under(Transaction))).toContain(test);
  });

  it('finds what is left behind', async () => {
    const untidy = () => ({ ...under(Good), leftovers: async () => ['tmp/1'] });
    expect(await failures(untidy)).toContain('when it is aborted before the body');
  });
});

/** Workers for specs: keep what they were told, and do what the spec says. */
import type { Order, Report, StartWorker, WorkerEnd, WorkerProcess } from '../serve/worker.js';

export class FakeWorker implements WorkerProcess {
  readonly orders: Order[] = [];
  killed = false;
  private report: (report: Report) => void = () => undefined;
  private exited: (end: WorkerEnd) => void = () => undefined;

  constructor(
    readonly slot: number,
    readonly pid: number,
  ) {}

  send(order: Order): void {
    this.orders.push(order);
  }
  onReport(handler: (report: Report) => void): void {
    this.report = handler;
  }
  onExit(handler: (end: WorkerEnd) => void): void {
    this.exited = handler;
  }
  kill(): void {
    this.killed = true;
    this.end({ code: null, signal: 'SIGKILL' });
  }

  say(report: Report): void {
    this.report(report);
  }
  ready(): void {
    this.say({ type: 'ready', addresses: [{ listener: 'mx', host: '127.0.0.1', port: 25 }] });
  }
  end(end: WorkerEnd): void {
    this.exited(end);
  }
  get told(): readonly string[] {
    return this.orders.map(({ type }) => type);
  }
}

/** Starts them, and knows them all: the newest last. */
export function fakeWorkers(): { readonly start: StartWorker; readonly all: FakeWorker[] } {
  const all: FakeWorker[] = [];
  return {
    all,
    start(slot) {
      const worker = new FakeWorker(slot, 1000 + all.length);
      all.push(worker);
      return Promise.resolve(worker);
    },
  };
}

/** The AbortSignal that plugins get with each question: made only if somebody looks at it. */
import type { DeliveryContext, PolicyContext } from '@mailverb/contract';

/** Hands out one signal until it fires, then the next. */
export class Cancellation implements PolicyContext, DeliveryContext {
  private controller: AbortController | undefined = undefined;

  get signal(): AbortSignal {
    return (this.controller ??= new AbortController()).signal;
  }

  /** Fires the signal that was handed out, if any; a later question gets a new one. */
  cancel(reason: string): void {
    const { controller } = this;
    this.controller = undefined;
    controller?.abort(new Error(reason));
  }
}

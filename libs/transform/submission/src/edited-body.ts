/** A body whose header section goes through a {@link HeaderEditor}, and whose rest goes through as it is. */
import { isPromise, type Body, type MaybePromise } from '@mailverb/contract';
import { PulledBody } from '@mailverb/body';
import type { HeaderEditor } from './header-editor.js';

export class EditedBody extends PulledBody {
  // Views of the chunk that was read last, and what the editor adds: handed out before the next chunk is read.
  private pieces: readonly Uint8Array[] = [];
  private next = 0;
  private ended = false;

  constructor(
    private readonly body: Body,
    private readonly editor: HeaderEditor,
  ) {
    super();
  }

  override read(): MaybePromise<Uint8Array | undefined> {
    // A loop, not a recursion: chunks of which nothing is left may be many.
    for (;;) {
      const piece = this.pieces[this.next];
      if (piece !== undefined) {
        this.next += 1;
        return piece;
      }
      if (this.ended) return undefined;
      const chunk = this.body.read();
      if (this.editor.over) return chunk;
      if (isPromise(chunk)) {
        return Promise.resolve(chunk).then((now) => {
          this.take(now);
          return this.read();
        });
      }
      this.take(chunk);
    }
  }

  override release(): void {
    if (this.body instanceof PulledBody) this.body.release();
  }

  private take(chunk: Uint8Array | undefined): void {
    this.ended = chunk === undefined;
    this.pieces = chunk === undefined ? this.editor.end() : this.editor.push(chunk);
    this.next = 0;
  }
}

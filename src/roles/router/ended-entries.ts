// Entries of the ledger whose attempts are ended, told in batches a little later: nobody waits for it. What is lost
// when the router stops stays in the ledger for longer, and that is all.
import { assert } from "../../base/assert.ts";
import type { UpdateOperation } from "../../model/operation.ts";
import type { Clock, TimerHandle } from "../../ports/clock.ts";

const BATCH_MAX = 100;
const PAUSE_MS = 1_000;
/** Entries that wait; more are not told. */
const QUEUE_MAX = 10_000;

export class EndedEntries {
  readonly #clock: Clock;
  readonly #write: (writes: readonly UpdateOperation[], done: () => void) => void;
  #queue: UpdateOperation[] = [];
  #timer: TimerHandle | null = null;
  #isWriting = false;

  constructor(clock: Clock, write: (writes: readonly UpdateOperation[], done: () => void) => void) {
    this.#clock = clock;
    this.#write = write;
  }

  add(write: UpdateOperation): void {
    if (this.#queue.length >= QUEUE_MAX) return;
    this.#queue.push(write);
    if (!this.#isWriting) this.#timer ??= this.#clock.setTimer(PAUSE_MS, () => this.#next());
  }

  stop(): void {
    if (this.#timer !== null) this.#clock.clearTimer(this.#timer);
    this.#timer = null;
    this.#queue = [];
  }

  #next(): void {
    assert(!this.#isWriting, "one batch at a time");
    this.#timer = null;
    const some = this.#queue.splice(0, BATCH_MAX);
    if (some.length === 0) return;
    this.#isWriting = true;
    this.#write(some, () => {
      this.#isWriting = false;
      if (this.#queue.length >= BATCH_MAX) this.#next();
      else if (this.#queue.length > 0) this.#timer ??= this.#clock.setTimer(PAUSE_MS, () => this.#next());
    });
  }
}

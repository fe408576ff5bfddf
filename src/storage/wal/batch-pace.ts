// When the next batch may leave. A sync costs the processor much the same whatever it carries, so under load fewer,
// larger batches serve more writes: after a batch that was not small the next one waits for those whom it answered to
// come along, until it is full or a pause is over. A lone write never waits.
import type { Clock, TimerHandle } from "../../ports/clock.ts";

export type WalPace = {
  /** The longest wait, from the end of the batch before. */
  readonly pauseMs: number;
  /** Only after a batch of so many bytes is there a wait. */
  readonly busyBytes: number;
  /** A batch with so many bytes of records waits no longer. */
  readonly fullBytes: number;
};

/**
 * Four writes of a kilobyte in one batch are load. Sixteen share a sync so well that more gain little. A millisecond is
 * less than a round trip in a data centre.
 */
export const PACE_DEFAULT: WalPace = { pauseMs: 1, busyBytes: 4096, fullBytes: 16_384 };

export class BatchPace {
  readonly #clock: Clock;
  readonly #pace: WalPace;
  readonly #onPauseOver: () => void;
  #timer: TimerHandle | null = null;
  /** No batch leaves before, unless it is full. */
  #pauseEndMs = -Infinity;

  constructor(clock: Clock, pace: WalPace, onPauseOver: () => void) {
    this.#clock = clock;
    this.#pace = pace;
    this.#onPauseOver = onPauseOver;
  }

  /** A batch of `bytes` is durable. */
  batchEnded(bytes: number): void {
    const { pauseMs, busyBytes } = this.#pace;
    this.#pauseEndMs = bytes < busyBytes ? -Infinity : this.#clock.monotonicMs() + pauseMs;
  }

  /** Whether a batch with `pendingBytes` has to wait; `onPauseOver` tells when it has waited enough. */
  mustWait(pendingBytes: number): boolean {
    if (pendingBytes >= this.#pace.fullBytes) {
      this.cancel();
      return false;
    }
    if (this.#timer !== null) return true;
    const waitMs = this.#pauseEndMs - this.#clock.monotonicMs();
    if (waitMs <= 0) return false;
    this.#timer = this.#clock.setTimer(waitMs, () => {
      this.cancel();
      this.#onPauseOver();
    });
    return true;
  }

  /** Nothing waits any more. */
  cancel(): void {
    if (this.#timer !== null) this.#clock.clearTimer(this.#timer);
    this.#timer = null;
    this.#pauseEndMs = -Infinity;
  }
}

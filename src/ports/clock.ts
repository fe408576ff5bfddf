// Time as seen by one node. `monotonicMs` never goes back and is what leases and timers use;
// `wallMs` is for people (creation dates, TTL) and may jump.

export type TimerHandle = { readonly id: number };

export interface Clock {
  /** Milliseconds (fractions allowed) since an arbitrary start, never decreasing. */
  monotonicMs(): number;
  /** Milliseconds since 1970 UTC. */
  wallMs(): number;
  /** Calls `callback` once, not before `delayMs` from now, never synchronously. */
  setTimer(delayMs: number, callback: () => void): TimerHandle;
  /** No effect if it already fired. */
  clearTimer(handle: TimerHandle): void;
  /**
   * Runs `callback` at the end of the current turn of the event loop: after everything that is already
   * deliverable has been delivered, before the loop waits for input. One hop per turn, FIFO.
   */
  endOfTurn(callback: () => void): void;
}

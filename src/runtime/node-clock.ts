// Clock over Node: performance.now, Date.now, setTimeout, and one setImmediate per turn for endOfTurn.

import type { Clock, TimerHandle } from "../ports/clock.ts";

/** Longest delay Node's timers take; longer ones are clamped to it by being set again. */
const DELAY_MS_MAX = 2_147_483_647;
/**
 * Callbacks run in one drain before the event loop gets a turn. Callbacks that queue callbacks for ever would
 * otherwise keep sockets and timers waiting for ever.
 */
const DRAIN_CALLBACKS_MAX = 10_000;

export class NodeClock implements Clock {
  readonly #timers: Map<number, NodeJS.Timeout> = new Map();
  #nextId: number = 1;
  #queue: (() => void)[] = [];
  #hopScheduled: boolean = false;

  monotonicMs(): number {
    return performance.now();
  }

  wallMs(): number {
    return Date.now();
  }

  setTimer(delayMs: number, callback: () => void): TimerHandle {
    const id = this.#nextId++;
    this.#arm(id, performance.now() + Math.max(0, delayMs), callback);
    return { id };
  }

  clearTimer(handle: TimerHandle): void {
    const timer = this.#timers.get(handle.id);
    if (timer === undefined) return;
    clearTimeout(timer);
    this.#timers.delete(handle.id);
  }

  endOfTurn(callback: () => void): void {
    this.#queue.push(callback);
    this.#hop();
  }

  /** Node's timers count whole milliseconds and may fire up to one early: then the rest is waited for. */
  #arm(id: number, dueMs: number, callback: () => void): void {
    // Time passes between the two readings of the clock; Node warns of delays below zero.
    const delayMs = Math.min(DELAY_MS_MAX, Math.max(0, Math.ceil(dueMs - performance.now())));
    const timer = setTimeout(() => {
      if (performance.now() < dueMs) {
        this.#arm(id, dueMs, callback);
        return;
      }
      this.#timers.delete(id);
      callback();
    }, delayMs);
    this.#timers.set(id, timer);
  }

  #hop(): void {
    if (this.#hopScheduled) return;
    this.#hopScheduled = true;
    setImmediate(() => this.#drain());
  }

  /** Runs the queue in order, with what is queued meanwhile. */
  #drain(): void {
    const queue = this.#queue;
    let done = 0;
    try {
      while (done < queue.length && done < DRAIN_CALLBACKS_MAX) {
        const callback = queue[done++] as () => void;
        callback();
      }
    } finally {
      // Also after a throw: the process may be kept alive by its entry, and nothing queued may be lost.
      this.#hopScheduled = false;
      if (done === queue.length) queue.length = 0;
      else queue.splice(0, done);
      if (queue.length > 0) this.#hop();
    }
  }
}

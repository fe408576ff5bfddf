// A Clock for tests: time stands still until `advance`, a turn ends when `runTurn` says so.
import { assert } from "../../base/assert.ts";
import type { Clock, TimerHandle } from "../clock.ts";

type Timer = { readonly id: number; readonly at: number; readonly callback: () => void };

/** A turn that schedules its own successor this often never ends. */
const TURNS_MAX = 1_000_000;

export class ManualClock implements Clock {
  #now = 0;
  #nextId = 1;
  #timers: Timer[] = [];
  #turn: (() => void)[] = [];

  monotonicMs(): number {
    return this.#now;
  }

  wallMs(): number {
    return this.#now;
  }

  setTimer(delayMs: number, callback: () => void): TimerHandle {
    const timer = { id: this.#nextId++, at: this.#now + Math.max(0, delayMs), callback };
    this.#timers.push(timer);
    return timer;
  }

  clearTimer(handle: TimerHandle): void {
    this.#timers = this.#timers.filter((timer) => timer.id !== handle.id);
  }

  endOfTurn(callback: () => void): void {
    this.#turn.push(callback);
  }

  /** Ends turns until nothing is left to do without time passing. */
  runTurn(): void {
    for (let turns = 0; this.#turn.length > 0; turns++) {
      assert(turns < TURNS_MAX, "turns without end");
      const due = this.#turn;
      this.#turn = [];
      for (const callback of due) callback();
    }
  }

  /** Lets `ms` pass, firing timers in order of time and ending turns between them. */
  advance(ms: number): void {
    const end = this.#now + ms;
    this.runTurn();
    for (;;) {
      let next: Timer | null = null;
      for (const timer of this.#timers) if (timer.at <= end && (next === null || timer.at < next.at)) next = timer;
      if (next === null) break;
      this.clearTimer(next);
      this.#now = Math.max(this.#now, next.at);
      next.callback();
      this.runTurn();
    }
    this.#now = end;
  }
}

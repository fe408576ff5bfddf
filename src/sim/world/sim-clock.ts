// One node's clock, for one life of the node: local time runs at its own rate from its own start, the wall
// clock is off by an amount that may jump. Timers obey the local clock. `stop` silences what is pending.
import { assert } from "../../base/assert.ts";
import type { Clock, TimerHandle } from "../../ports/clock.ts";
import { EVENT_TIMER, EVENT_TURN, type EventLoop, type SimEvent } from "./event-loop.ts";

/** Virtual time zero as a date: 2026-01-01T00:00:00Z. */
export const WALL_START_MS = 1_767_225_600_000;

export type ClockFault = {
  /** Local time at the start of this life. */
  readonly startMs: number;
  /** Local microseconds that pass per true microsecond, near 1. */
  readonly rate: number;
  readonly wallOffsetMs: number;
};

type Timer = TimerHandle & { event: SimEvent | null };

export class SimClock implements Clock {
  readonly #loop: EventLoop;
  readonly #target: number;
  #baseLocalUs: number;
  #baseTrueUs: number;
  #rate: number;
  #wallOffsetMs: number;
  #nextId = 1;
  #isStopped = false;

  constructor(loop: EventLoop, target: number, fault: ClockFault) {
    assert(fault.rate > 0.5 && fault.rate < 2, "a clock's rate is near 1");
    this.#loop = loop;
    this.#target = target;
    this.#baseLocalUs = fault.startMs * 1000;
    this.#baseTrueUs = loop.nowUs;
    this.#rate = fault.rate;
    this.#wallOffsetMs = fault.wallOffsetMs;
  }

  monotonicMs(): number {
    return this.#localUs() / 1000;
  }

  wallMs(): number {
    return WALL_START_MS + this.#wallOffsetMs + Math.floor(this.#localUs() / 1000);
  }

  setTimer(delayMs: number, callback: () => void): TimerHandle {
    assert(delayMs >= 0, "a timer cannot be in the past");
    const timer: Timer = { id: this.#nextId++, event: null };
    this.#arm(timer, this.#localUs() + delayMs * 1000, callback);
    return timer;
  }

  clearTimer(handle: TimerHandle): void {
    const { event } = handle as Timer;
    if (event !== null) event.run = null;
  }

  endOfTurn(callback: () => void): void {
    if (this.#isStopped) return;
    this.#loop.schedule(this.#loop.nowUs, EVENT_TURN, this.#target, 0, () => {
      if (!this.#isStopped) callback();
    });
  }

  /** Changes how fast local time runs from now on; it never goes back. */
  setRate(rate: number): void {
    assert(rate > 0.5 && rate < 2, "a clock's rate is near 1");
    this.#baseLocalUs = this.#localUs();
    this.#baseTrueUs = this.#loop.nowUs;
    this.#rate = rate;
  }

  jumpWall(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  /** The node lost power: nothing of this life runs any more. */
  stop(): void {
    this.#isStopped = true;
  }

  #localUs(): number {
    return this.#baseLocalUs + (this.#loop.nowUs - this.#baseTrueUs) * this.#rate;
  }

  #arm(timer: Timer, dueLocalUs: number, callback: () => void): void {
    if (this.#isStopped) return;
    const waitUs = Math.max(1, Math.ceil((dueLocalUs - this.#localUs()) / this.#rate));
    timer.event = this.#loop.schedule(this.#loop.nowUs + waitUs, EVENT_TIMER, this.#target, timer.id, () => {
      if (this.#isStopped) return;
      // The rate may have changed since: a timer is never early by the node's own clock.
      if (this.#localUs() < dueLocalUs) this.#arm(timer, dueLocalUs, callback);
      else callback();
    });
  }
}

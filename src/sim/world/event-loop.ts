// The simulator's only source of progress: a queue of events ordered by (virtual time, sequence). Every event
// that is dispatched goes into a running hash, so that two runs of a seed can be told equal or not.
//
// Time is an integer number of microseconds. Events due now that are asked for while an event runs are kept
// in a plain queue beside the heap: the ends of turns are about half of all events.
import { assert } from "../../base/assert.ts";

export const EVENT_NETWORK = 1;
export const EVENT_TIMER = 2;
export const EVENT_TURN = 3;
export const EVENT_DISK = 4;
export const EVENT_CLIENT = 5;
export const EVENT_NEMESIS = 6;
export const EVENT_CHECK = 7;
export const EVENT_STORE = 8;

export type EventKind =
  | typeof EVENT_NETWORK | typeof EVENT_TIMER | typeof EVENT_TURN | typeof EVENT_DISK | typeof EVENT_CLIENT
  | typeof EVENT_NEMESIS | typeof EVENT_CHECK | typeof EVENT_STORE;

const NAMES: readonly string[] = [
  "?", "network", "timer", "turn", "disk", "client", "nemesis", "check", "store",
];

export function eventName(kind: EventKind): string {
  return NAMES[kind] ?? "?";
}

/** Target 0 is the world itself: such events are never held back. */
export const WORLD = 0;

export type SimEvent = {
  readonly atUs: number;
  readonly sequence: number;
  readonly kind: EventKind;
  readonly target: number;
  readonly digest: number;
  /** Null once cancelled or done. */
  run: (() => void) | null;
};

/** A run that schedules more than this has gone round in circles. */
const EVENTS_MAX = 20_000_000;

export class EventLoop {
  #nowUs = 0;
  #sequence = 0;
  #dispatched = 0;
  #heap: SimEvent[] = [];
  #due: SimEvent[] = [];
  #dueHead = 0;
  #hashLow = 0x811c9dc5 | 0;
  #hashHigh = 0x9e3779b9 | 0;
  /** Targets that are paused, with what came for them meanwhile, in order. */
  readonly #paused: Map<number, SimEvent[]> = new Map();
  /** Called after each dispatched event. */
  afterEvent: ((event: SimEvent) => void) | null = null;

  get nowUs(): number {
    return this.#nowUs;
  }

  get dispatched(): number {
    return this.#dispatched;
  }

  /** 16 hex digits over every event dispatched so far. */
  get hash(): string {
    return hex(this.#hashHigh) + hex(this.#hashLow);
  }

  /** `digest` is a short number that tells this event's content from another's. */
  schedule(atUs: number, kind: EventKind, target: number, digest: number, run: () => void): SimEvent {
    assert(Number.isSafeInteger(atUs), "event times are whole microseconds");
    assert(atUs >= this.#nowUs, "an event cannot be in the past");
    assert(this.#sequence < EVENTS_MAX, "more events than a run can have");
    const event: SimEvent = { atUs, sequence: this.#sequence++, kind, target, digest, run };
    if (atUs === this.#nowUs) this.#due.push(event);
    else push(this.#heap, event);
    return event;
  }

  /** Puts a fact that is no event into the hash. */
  note(kind: EventKind, target: number, digest: number): void {
    this.#mix(this.#nowUs, kind, target, digest);
  }

  /** Events for `target` wait, in order, until `resume`. */
  pause(target: number): void {
    assert(target !== WORLD, "the world cannot be paused");
    if (!this.#paused.has(target)) this.#paused.set(target, []);
  }

  isPaused(target: number): boolean {
    return this.#paused.has(target);
  }

  /** Dispatches what waited, in order, at once: before anything that is due later. */
  resume(target: number): void {
    const held = this.#paused.get(target);
    if (held === undefined) return;
    this.#paused.delete(target);
    for (const event of held) this.#dispatch(event);
  }

  /** Forgets what waited: the target lost power. It is not paused any more. */
  drop(target: number): void {
    this.#paused.delete(target);
  }

  /** Runs all events up to and including `untilUs`; the time is `untilUs` afterwards. */
  runUntil(untilUs: number): void {
    assert(untilUs >= this.#nowUs, "time does not run backwards");
    for (;;) {
      const event = this.#next(untilUs);
      if (event === null) break;
      this.#nowUs = event.atUs;
      if (event.run === null) continue;
      const held = this.#paused.get(event.target);
      if (held === undefined) this.#dispatch(event);
      else held.push(event);
    }
    this.#nowUs = untilUs;
  }

  #next(untilUs: number): SimEvent | null {
    const heap = this.#heap;
    const top = heap[0];
    if (this.#dueHead < this.#due.length) {
      const due = this.#due[this.#dueHead] as SimEvent;
      // An event in the heap for the same instant was asked for earlier.
      if (top !== undefined && isBefore(top, due)) return popTop(heap);
      this.#dueHead++;
      if (this.#dueHead === this.#due.length) {
        this.#due.length = 0;
        this.#dueHead = 0;
      }
      return due;
    }
    return top !== undefined && top.atUs <= untilUs ? popTop(heap) : null;
  }

  #dispatch(event: SimEvent): void {
    const run = event.run;
    if (run === null) return;
    event.run = null;
    this.#dispatched++;
    this.#mix(this.#nowUs, event.kind, event.target, event.digest);
    run();
    if (this.afterEvent !== null) this.afterEvent(event);
  }

  #mix(at: number, kind: number, target: number, digest: number): void {
    let low = Math.imul(this.#hashLow ^ (at | 0), 0x01000193);
    low = Math.imul(low ^ (low >>> 15) ^ digest, 0x85ebca6b);
    let high = Math.imul(this.#hashHigh ^ (kind + (target << 5)), 0xc2b2ae35);
    high = Math.imul(high ^ (high >>> 13) ^ low ^ Math.floor(at / 0x1_0000_0000), 0x27d4eb2f);
    this.#hashLow = low ^ (high >>> 16);
    this.#hashHigh = high;
  }
}

function isBefore(a: SimEvent, b: SimEvent): boolean {
  return a.atUs < b.atUs || (a.atUs === b.atUs && a.sequence < b.sequence);
}

function push(heap: SimEvent[], event: SimEvent): void {
  let at = heap.length;
  heap.push(event);
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = heap[parent] as SimEvent;
    if (!isBefore(event, above)) break;
    heap[at] = above;
    at = parent;
  }
  heap[at] = event;
}

function popTop(heap: SimEvent[]): SimEvent {
  const top = heap[0] as SimEvent;
  const last = heap.pop() as SimEvent;
  const count = heap.length;
  if (count === 0) return top;
  let at = 0;
  for (;;) {
    let child = at * 2 + 1;
    if (child >= count) break;
    if (child + 1 < count && isBefore(heap[child + 1] as SimEvent, heap[child] as SimEvent)) child++;
    const below = heap[child] as SimEvent;
    if (!isBefore(below, last)) break;
    heap[at] = below;
    at = child;
  }
  heap[at] = last;
  return top;
}

function hex(value: number): string {
  return (value >>> 0).toString(16).padStart(8, "0");
}

// Watches whether this node's clock runs like those of its peers. A lease is arithmetic over two clocks and allows
// for a bounded drift between them; a node that finds itself beyond it must not believe in leases.
//
// Frames carry the sender's clock. For each peer, `theirs - ours` at arrival is the true offset of the two clocks
// less the time on the way, so the largest value of a while is the best one: a quick message gives it, and slow ones
// do no harm. The window is a ring of slots; what is compared is its oldest quarter with its newest. One slow link or
// one wrong peer proves nothing: only a majority of the peers that were heard in the window, all on the same side,
// counts. Whoever does not trust its clock says so to its peers once per slot (see NodeReplicator), so that healthy
// nodes that lead nothing hear each other, and not only the one that is wrong.
import { assert } from "../base/assert.ts";
import type { NodeId } from "../base/ids.ts";

export type ClockGuardOptions = {
  /** How far back rates are measured. */
  readonly windowMs: number;
  /** Clocks agree when their rates differ by no more than this share. */
  readonly tolerance: number;
};

const SLOTS = 8;
const QUARTER: number = SLOTS / 4;
/** A peer's clock that moved this much more than time did, in windows, belongs to another life of the peer. */
const JUMP_WINDOWS = 1;

type PeerClock = {
  /** Best offset of each slot, and when it was taken; -Infinity: nothing was heard. */
  readonly offsets: Float64Array;
  readonly times: Float64Array;
  newestTheirs: number;
  newestOurs: number;
};

export class ClockGuard {
  readonly #windowMs: number;
  readonly #slotMs: number;
  readonly #tolerance: number;
  readonly #peers: Map<NodeId, PeerClock> = new Map();
  /** Number of the slot that is being filled, counted from the clock's zero. */
  #slot = -1;
  #isTrusted = true;
  /** Slots in a row, ended with a verdict against this clock. */
  #doubts = 0;
  /** Slots in a row, ended without. */
  #calmSlots = 0;

  constructor(options: ClockGuardOptions) {
    assert(options.windowMs > 0 && options.tolerance > 0, "a guard measures something");
    this.#windowMs = options.windowMs;
    this.#slotMs = options.windowMs / SLOTS;
    this.#tolerance = options.tolerance;
  }

  get isTrusted(): boolean {
    return this.#isTrusted;
  }

  /** A peer heard once in so long is a peer that can be judged. */
  get slotMs(): number {
    return this.#slotMs;
  }

  /** A message of `peer`, sent at `theirMs` on its clock, arrived. `theirMs` is a hostile number. */
  heard(peer: NodeId, theirMs: number, nowMs: number): void {
    if (!Number.isFinite(theirMs)) return;
    this.advance(nowMs);
    let clock = this.#peers.get(peer);
    if (clock === undefined) {
      clock = {
        offsets: new Float64Array(SLOTS).fill(-Infinity), times: new Float64Array(SLOTS),
        newestTheirs: theirMs, newestOurs: nowMs,
      };
      this.#peers.set(peer, clock);
    }
    const moved = theirMs - clock.newestTheirs;
    const passed = nowMs - clock.newestOurs;
    const jump = JUMP_WINDOWS * this.#windowMs;
    if (moved < -jump || moved > passed * 2 + jump) clock.offsets.fill(-Infinity);
    else if (moved < 0) return; // overtaken on its way by a later one
    clock.newestTheirs = theirMs;
    clock.newestOurs = nowMs;
    const at = this.#slot % SLOTS;
    const offset = theirMs - nowMs;
    if (offset <= (clock.offsets[at] as number)) return;
    clock.offsets[at] = offset;
    clock.times[at] = nowMs;
  }

  /** Time passed: whole slots are judged. */
  advance(nowMs: number): void {
    const slot = Math.floor(nowMs / this.#slotMs);
    if (slot <= this.#slot) return;
    const isFirst = this.#slot === -1;
    if (!isFirst) this.#judge();
    const cleared = Math.min(SLOTS, isFirst ? SLOTS : slot - this.#slot);
    for (const [peer, clock] of this.#peers) {
      for (let i = 0; i < cleared; i++) clock.offsets[(slot - i) % SLOTS] = -Infinity;
      if (clock.offsets.every((offset) => offset === -Infinity)) this.#peers.delete(peer);
    }
    this.#slot = slot;
  }

  /**
   * A verdict against this clock must stand for two slots: one may have seen nothing but slow messages. Trust comes
   * back after as many slots as a window has, in which at least as many peers agree as do not: where peers pause and
   * links are slow, a wrong clock may seem right for a while.
   */
  #judge(): void {
    let judged = 0;
    let faster = 0;
    let slower = 0;
    for (const clock of this.#peers.values()) {
      const rate = this.#rateOf(clock);
      if (rate === null) continue;
      judged++;
      if (rate > this.#tolerance) faster++;
      else if (rate < -this.#tolerance) slower++;
    }
    if (judged === 0) return; // nobody to compare with
    const isAgainst = faster * 2 > this.#peers.size || slower * 2 > this.#peers.size;
    this.#doubts = isAgainst ? this.#doubts + 1 : 0;
    if (isAgainst) this.#calmSlots = 0;
    else if (judged - faster - slower >= Math.max(faster, slower)) this.#calmSlots++; // else it proves nothing
    if (this.#doubts >= 2) this.#isTrusted = false;
    else if (this.#calmSlots >= SLOTS) this.#isTrusted = true;
  }

  /** By how much the peer's clock runs faster than this one; null when too little was heard. */
  #rateOf({ offsets, times }: PeerClock): number | null {
    const oldest = best(offsets, this.#slot + 1, QUARTER);
    const newest = best(offsets, this.#slot + 1 + SLOTS - QUARTER, QUARTER);
    if (oldest === -1 || newest === -1) return null;
    const passed = (times[newest] as number) - (times[oldest] as number);
    assert(passed > 0, "slots are filled in the order of time");
    return ((offsets[newest] as number) - (offsets[oldest] as number)) / passed;
  }
}

/** Index of the largest of `count` slots from `from` on, -1 when all are empty. */
function best(offsets: Float64Array, from: number, count: number): number {
  let found = -1;
  for (let i = 0; i < count; i++) {
    const at = (from + i) % SLOTS;
    const offset = offsets[at] as number;
    if (offset !== -Infinity && (found === -1 || offset > (offsets[found] as number))) found = at;
  }
  return found;
}

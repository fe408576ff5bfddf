// The KvStore port of the simulator. Its state outlives its node: after a power-off it holds the last durable
// transaction, and of the one under way either everything or nothing.
import sortedBTree from "sorted-btree";
import { assert } from "../../base/assert.ts";
import { compareKeys, type StorageKey } from "../../base/ids.ts";
import type { Prng } from "../../base/prng.ts";
import type { Clock } from "../../ports/clock.ts";
import { KEY_BYTES_MAX, kvError } from "../../ports/kv-store.ts";
import type { KvError, KvMutation, KvStore, KvVisit } from "../../ports/kv-store.ts";

export type SimKvOptions = {
  /** A transaction takes a uniform time in this range. */
  readonly writeMsMin: number;
  readonly writeMsMax: number;
};

export const SIM_KV_DEFAULT: SimKvOptions = { writeMsMin: 1, writeMsMax: 8 };

/** What it injected, for the run's report. */
export type SimKvReport = {
  tornTransactions: number;
  lostTransactions: number;
  bitFlips: number;
  failedWrites: number;
};

export class SimKv implements KvStore {
  readonly file: string;
  readonly report: SimKvReport = { tornTransactions: 0, lostTransactions: 0, bitFlips: 0, failedWrites: 0 };
  readonly #prng: Prng;
  readonly #options: SimKvOptions;
  readonly #tree: sortedBTree.default<StorageKey, Uint8Array> =
    new sortedBTree.default<StorageKey, Uint8Array>(undefined, compareKeys);
  #clock: Clock;
  /** Changes with each power-off, so that completions of an earlier life are dropped. */
  #life = 0;
  #pending: readonly KvMutation[] | null = null;
  #failure: KvError | null = null;
  #failNext: string | null = null;
  #bytes = 0;

  constructor(file: string, clock: Clock, prng: Prng, options: SimKvOptions) {
    this.file = file;
    this.#clock = clock;
    this.#prng = prng;
    this.#options = options;
  }

  get(key: StorageKey): Uint8Array | null {
    const value = this.#tree.get(key);
    return value === undefined ? null : value.slice();
  }

  scan(from: StorageKey, to: StorageKey, isForward: boolean, visit: KvVisit): null {
    let pair = isForward ? this.#tree.getPairOrNextHigher(from) : this.#tree.nextLowerPair(to);
    while (pair !== undefined && (isForward ? pair[0] < to : pair[0] >= from)) {
      const [key, value] = pair;
      const lent = value.slice();
      const goesOn = visit(key, lent);
      lent.fill(0xdb); // whoever keeps the view of a visit sees rubbish
      if (!goesOn) return null;
      pair = isForward ? this.#tree.nextHigherPair(key) : this.#tree.nextLowerPair(key);
    }
    return null;
  }

  write(mutations: readonly KvMutation[], done: (error: KvError | null) => void): void {
    assert(this.#pending === null, "one write at a time");
    for (const { key } of mutations) assert(key.length > 0 && key.length <= KEY_BYTES_MAX, "key length");
    this.#pending = mutations.slice();
    const life = this.#life;
    const { writeMsMin, writeMsMax } = this.#options;
    this.#clock.setTimer(this.#prng.between(writeMsMin, writeMsMax), () => {
      if (life !== this.#life) return;
      if (this.#failNext !== null) {
        this.#failure ??= kvError(this.#failNext, this.file, "injected");
        this.report.failedWrites++;
      }
      const pending = this.#pending as readonly KvMutation[];
      this.#pending = null;
      if (this.#failure === null) this.#commit(pending);
      done(this.#failure);
    });
  }

  size(): number {
    return this.#bytes;
  }

  close(done: () => void): void {
    const life = this.#life;
    const poll = (): void => {
      if (life !== this.#life) return;
      if (this.#pending === null) done();
      else this.#clock.setTimer(1, poll);
    };
    this.#clock.endOfTurn(poll);
  }

  /** The node loses power. The store may be used again by its next life, after `powerOn`. */
  powerOff(): void {
    this.#life++;
    const pending = this.#pending;
    this.#pending = null;
    if (pending === null) return;
    if (this.#failure === null && this.#prng.chance(1, 2)) {
      this.report.tornTransactions++; // it was durable, only nobody was told
      this.#commit(pending);
    } else this.report.lostTransactions++;
  }

  powerOn(clock: Clock): void {
    assert(this.#pending === null, "power on after power off");
    this.#life++;
    this.#clock = clock;
    this.#failure = null;
    this.#failNext = null;
  }

  /** The next transaction to complete fails with `code`, and all after it. */
  failNextWrite(code: string): void {
    this.#failNext = code;
  }

  /** Flips one bit of one stored value. Returns its key, or null when there is nothing to damage. */
  flipBit(): StorageKey | null {
    if (this.#tree.size === 0) return null;
    const keys = this.#tree.keysArray();
    const key = this.#prng.pick(keys);
    const damaged = (this.#tree.get(key) as Uint8Array).slice();
    if (damaged.length === 0) return null;
    const at = this.#prng.below(damaged.length);
    damaged[at] = (damaged[at] as number) ^ (1 << this.#prng.below(8));
    this.#tree.set(key, damaged);
    this.report.bitFlips++;
    return key;
  }

  #commit(mutations: readonly KvMutation[]): void {
    for (const { key, value } of mutations) {
      const older = this.#tree.get(key);
      if (older !== undefined) this.#bytes -= key.length + older.length;
      if (value === null) this.#tree.delete(key);
      else {
        this.#tree.set(key, value.slice());
        this.#bytes += key.length + value.length;
      }
    }
  }
}

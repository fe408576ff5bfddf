// The KvStore port in memory, for a node that keeps nothing.
import sortedBTree from "sorted-btree";
import { assert } from "../base/assert.ts";
import { compareKeys, type StorageKey } from "../base/ids.ts";
import type { Clock } from "../ports/clock.ts";
import { KEY_BYTES_MAX } from "../ports/kv-store.ts";
import type { KvError, KvMutation, KvStore, KvVisit } from "../ports/kv-store.ts";

type Tree = sortedBTree.default<StorageKey, Uint8Array>;

export class MemoryKv implements KvStore {
  readonly file = "(memory)";
  readonly #clock: Clock;
  readonly #tree: Tree = new sortedBTree.default<StorageKey, Uint8Array>(undefined, compareKeys);
  #isWriting = false;
  #isClosed = false;
  #bytes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get(key: StorageKey): Uint8Array | null {
    const value = this.#tree.get(key);
    return value === undefined ? null : value.slice();
  }

  scan(from: StorageKey, to: StorageKey, isForward: boolean, visit: KvVisit): null {
    let pair = isForward ? this.#tree.getPairOrNextHigher(from) : this.#tree.nextLowerPair(to);
    while (pair !== undefined && (isForward ? pair[0] < to : pair[0] >= from)) {
      const [key, value] = pair;
      if (!visit(key, value)) return null;
      pair = isForward ? this.#tree.nextHigherPair(key) : this.#tree.nextLowerPair(key);
    }
    return null;
  }

  write(mutations: readonly KvMutation[], done: (error: KvError | null) => void): void {
    assert(!this.#isWriting && !this.#isClosed, "one write at a time, none after close");
    this.#isWriting = true;
    for (const { key, value } of mutations) {
      assert(key.length > 0 && key.length <= KEY_BYTES_MAX, "key length");
      this.#put(key, value);
    }
    this.#clock.endOfTurn(() => {
      this.#isWriting = false;
      done(null);
    });
  }

  #put(key: StorageKey, value: Uint8Array | null): void {
    const older = this.#tree.get(key);
    if (older !== undefined) this.#bytes -= key.length + older.length;
    if (value === null) this.#tree.delete(key);
    else {
      this.#tree.set(key, value.slice()); // a value may be a view of a larger buffer: do not keep that alive
      this.#bytes += key.length + value.length;
    }
  }

  size(): number {
    return this.#bytes;
  }

  close(done: () => void): void {
    assert(!this.#isClosed, "store closed twice");
    this.#isClosed = true;
    this.#clock.endOfTurn(done);
  }
}

// What was used lately, in bounded memory: two generations. What is used moves to the younger one, and when that has
// half of the bytes, it becomes the older one, and what was the older one goes as a whole.
import { assert } from "../../base/assert.ts";
import type { StorageKey } from "../../base/ids.ts";

/** What an entry costs in memory beside its bytes, about: a place in a map, a key, a view. */
const ENTRY_OVERHEAD_BYTES = 256;

export class Generations<V> {
  readonly #generationBytesMax: number;
  #young = new Map<StorageKey, V>();
  #old = new Map<StorageKey, V>();
  #youngBytes = 0;
  #isEmpty = true;

  /** Keeps about `bytesMax` at most. */
  constructor(bytesMax: number) {
    assert(bytesMax >= 0, "a cache of so many bytes");
    this.#generationBytesMax = bytesMax / 2;
  }

  /** Nothing was put since it was made or cleared. */
  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  young(key: StorageKey): V | undefined {
    return this.#young.get(key);
  }

  /** What is found here and used is to be put again. */
  old(key: StorageKey): V | undefined {
    return this.#old.get(key);
  }

  /** True: a generation has ended with this entry. */
  put(key: StorageKey, value: V, bytes: number): boolean {
    this.#isEmpty = false;
    this.#young.set(key, value);
    this.#youngBytes += key.length + bytes + ENTRY_OVERHEAD_BYTES;
    if (this.#youngBytes < this.#generationBytesMax) return false;
    this.#old = this.#young;
    this.#young = new Map();
    this.#youngBytes = 0;
    return true;
  }

  delete(key: StorageKey): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }

  clear(): void {
    this.#young = new Map();
    this.#old = new Map();
    this.#youngBytes = 0;
    this.#isEmpty = true;
  }
}

/** Marks of what was read, each at the place that its lower bits name: a newer one takes the place. */
const MARKS = 1 << 16;

/** Tells first reads from later ones, so that what is read once need not be kept. May be mistaken either way. */
export class FirstReads {
  /** Null before the first read: an idle node has none. */
  #marks: Uint32Array | null = null;

  /** True when `mark`, 32 bits, was seen a while ago. */
  isKnown(mark: number): boolean {
    this.#marks ??= new Uint32Array(MARKS);
    const place = mark & (MARKS - 1);
    if (this.#marks[place] === mark >>> 0) return true;
    this.#marks[place] = mark;
    return false;
  }
}

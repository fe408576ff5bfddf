// Item collections that were read more than once lately: a page of one neither searches the store, nor takes a
// checksum, nor copies its items. What is here is what the store has, and nothing newer lies over it: who changes a key
// deletes its collection here, and none is gathered while a generation has a row of it.
import type { StorageKey } from "../../base/ids.ts";
import { collectionPrefix, prefixEnd } from "../../model/key-encoding.ts";
import type { KvStore } from "../../ports/kv-store.ts";
import { type Collection, gatherCollection } from "./collection.ts";
import { FirstReads, Generations } from "./generations.ts";
import type { Overlay } from "./overlay.ts";

const BYTES_MAX = 64 * 1024;
/** Of all that may be kept, one collection takes no more than this share. */
const SHARE = 8;

export class CollectionCache {
  readonly #kv: KvStore;
  readonly #bytesMax: number;
  /** Null: it is too large to be kept. */
  readonly #collections: Generations<Collection | null>;
  readonly #reads = new FirstReads();

  /** Keeps about `bytesMax` at most; 0: nothing. */
  constructor(kv: KvStore, bytesMax: number) {
    this.#kv = kv;
    this.#bytesMax = Math.min(BYTES_MAX, Math.floor(bytesMax / SHARE));
    this.#collections = new Generations(bytesMax);
  }

  /** The collection that [from, to) lies in, with all its rows; null: read the store, and what is newer. */
  of(from: StorageKey, to: StorageKey, newer: Overlay, older: Overlay | null): Collection | null {
    if (this.#bytesMax === 0) return null;
    const prefix = collectionPrefix(from);
    if (prefix === null || !(to.startsWith(prefix) || to === prefixEnd(prefix))) return null;
    const young = this.#collections.young(prefix);
    if (young !== undefined) return young;
    const old = this.#collections.old(prefix);
    if (old !== undefined) {
      this.#keep(prefix, old);
      return old;
    }
    if (!this.#reads.isKnown(markOf(prefix))) return null;
    if (hasRowsOf(newer, prefix) || (older !== null && hasRowsOf(older, prefix))) return null;
    const collection = gatherCollection(this.#kv, prefix, this.#bytesMax);
    this.#keep(prefix, collection);
    return collection;
  }

  /** The key has changed. */
  delete(key: StorageKey): void {
    if (this.#collections.isEmpty) return;
    const prefix = collectionPrefix(key);
    if (prefix !== null) this.#collections.delete(prefix);
  }

  clear(): void {
    this.#collections.clear();
  }

  get size(): number {
    return this.#collections.size;
  }

  #keep(prefix: StorageKey, collection: Collection | null): void {
    this.#collections.put(prefix, collection, collection === null ? 0 : collection.bytes);
  }
}

function hasRowsOf(generation: Overlay, prefix: StorageKey): boolean {
  return generation.walk(prefix, prefixEnd(prefix), true) !== null;
}

/** Four bytes of the partition key's hash, mixed with the table and the space. */
function markOf(prefix: StorageKey): number {
  const hash = (prefix.charCodeAt(5) << 24) | (prefix.charCodeAt(6) << 16) | (prefix.charCodeAt(7) << 8)
    | prefix.charCodeAt(8);
  const place = (prefix.charCodeAt(2) << 16) | (prefix.charCodeAt(3) << 8) | prefix.charCodeAt(4);
  return hash ^ Math.imul(place, 0x9e3779b1);
}

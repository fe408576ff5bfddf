// One ordered view of a range: the store on disk with the newer generations laid over it.
import { assert } from "../../base/assert.ts";
import type { StorageKey } from "../../base/ids.ts";
import { isStoredIntact } from "../../model/item-codec.ts";
import type { KvError, KvStore } from "../../ports/kv-store.ts";
import { OverlayCursor } from "./overlay.ts";
import type { Overlay } from "./overlay.ts";
import { damagedRow } from "./tree-read.ts";
import type { TreeDamage, TreeVisit } from "./tree-read.ts";

/** The rows of two generations as one, the newer one first where both have a key. */
class MergedCursor {
  key: StorageKey | null = null;
  value: Uint8Array | null = null;
  readonly #newer: OverlayCursor;
  readonly #older: OverlayCursor | null;
  readonly #isForward: boolean;

  constructor(newer: OverlayCursor, older: OverlayCursor | null, isForward: boolean) {
    this.#newer = newer;
    this.#older = older;
    this.#isForward = isForward;
    this.#choose();
  }

  advance(): void {
    const { key } = this;
    assert(key !== null, "advance past the end");
    if (this.#newer.key === key) this.#newer.advance();
    if (this.#older !== null && this.#older.key === key) this.#older.advance();
    this.#choose();
  }

  #choose(): void {
    const newer = this.#newer;
    const older = this.#older;
    const isOlderNext = older !== null && older.key !== null
      && (newer.key === null || isBefore(older.key, newer.key, this.#isForward));
    this.key = isOlderNext ? older.key : newer.key;
    this.value = isOlderNext ? older.value : newer.value;
  }
}

function isBefore(a: StorageKey, b: StorageKey, isForward: boolean): boolean {
  return isForward ? a < b : a > b;
}

/**
 * Visits the rows of [from, to), the store's after checking them. Returns what ended the scan early, if not
 * `visit`.
 */
export function scanRange(
  kv: KvStore, newer: Overlay, older: Overlay | null,
  from: StorageKey, to: StorageKey, isForward: boolean, visit: TreeVisit,
): TreeDamage | KvError | null {
  const olderCursor = older === null ? null : new OverlayCursor(older, from, to, isForward);
  const overlay = new MergedCursor(new OverlayCursor(newer, from, to, isForward), olderCursor, isForward);
  let damage: TreeDamage | null = null;
  let isEnded = false;
  /** Gives out the overlay's row. False when the visitor has enough. */
  const give = (): boolean => {
    const { key, value } = overlay;
    assert(key !== null, "the overlay is at its end");
    overlay.advance();
    if (value !== null && !visit(key, value)) isEnded = true;
    return !isEnded;
  };
  const error = kv.scan(from, to, isForward, (key, value) => {
    while (overlay.key !== null && isBefore(overlay.key, key, isForward)) if (!give()) return false;
    if (overlay.key === key) return give();
    if (!isStoredIntact(value, key)) {
      damage = damagedRow(kv.file, key);
      return false;
    }
    if (!visit(key, value)) isEnded = true;
    return !isEnded;
  });
  if (error !== null) return error;
  if (damage !== null) return damage;
  while (!isEnded && overlay.key !== null) give();
  return null;
}

// One ordered view of a range: the store on disk with the newer generations laid over it.
import { assert, must } from "../../base/assert.ts";
import type { StorageKey } from "../../base/ids.ts";
import { isStoredIntact } from "../../model/item-codec.ts";
import type { KvError, KvStore } from "../../ports/kv-store.ts";
import type { Row, RowCursor } from "./ordered-rows.ts";
import type { Overlay } from "./overlay.ts";
import { damagedRow } from "./tree-read.ts";
import type { TreeDamage, TreeVisit } from "./tree-read.ts";

/** The rows of two generations as one, the newer one first where both have a key. */
class MergedCursor {
  row: Row | null = null;
  readonly #newer: RowCursor | null;
  readonly #older: RowCursor | null;
  readonly #isForward: boolean;

  constructor(newer: RowCursor | null, older: RowCursor | null, isForward: boolean) {
    this.#newer = newer;
    this.#older = older;
    this.#isForward = isForward;
    this.#choose();
  }

  advance(): void {
    assert(this.row !== null, "advance past the end");
    const { key } = this.row;
    if (this.#newer?.row?.key === key) this.#newer.advance();
    if (this.#older?.row?.key === key) this.#older.advance();
    this.#choose();
  }

  #choose(): void {
    const newer = this.#newer === null ? null : this.#newer.row;
    const older = this.#older === null ? null : this.#older.row;
    const isOlderNext = older !== null && (newer === null || isBefore(older.key, newer.key, this.#isForward));
    this.row = isOlderNext ? older : newer;
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
  const overlay = new MergedCursor(
    newer.walk(from, to, isForward), older === null ? null : older.walk(from, to, isForward), isForward,
  );
  let damage: TreeDamage | null = null;
  let isEnded = false;
  /** Gives out the overlay's row. False when the visitor has enough. */
  const give = (): boolean => {
    const { key, value } = must(overlay.row, "the overlay is not at its end");
    overlay.advance();
    if (value !== null && !visit(key, value)) isEnded = true;
    return !isEnded;
  };
  const error = kv.scan(from, to, isForward, (key, value) => {
    while (overlay.row !== null && isBefore(overlay.row.key, key, isForward)) if (!give()) return false;
    if (overlay.row?.key === key) return give();
    if (!isStoredIntact(value, key)) {
      damage = damagedRow(kv.file, key);
      return false;
    }
    if (!visit(key, value)) isEnded = true;
    return !isEnded;
  });
  if (error !== null) return error;
  if (damage !== null) return damage;
  while (!isEnded && overlay.row !== null) give();
  return null;
}

// Pages of a snapshot: rows of a range of the tree in key order. Judged here before they are taken over: a peer's
// bytes are hostile.
import type { StorageKey } from "../base/ids.ts";
import { isStoredIntact } from "../model/item-codec.ts";
import { KEY_BYTES_MAX } from "../ports/kv-store.ts";
import type { SnapshotPage } from "../wire/data-messages.ts";

/** Why the page cannot be what was asked for; null when it can. */
export function pageFault(
  page: SnapshotPage, range: { readonly from: StorageKey; readonly to: StorageKey }, after: StorageKey | null,
): string | null {
  let last = after;
  for (const { key, value } of page.rows) {
    if (key.length > KEY_BYTES_MAX || key < range.from || key >= range.to) return "a row outside of the range";
    if (last !== null && key <= last) return "rows out of order";
    if (value === null || !isStoredIntact(value, key)) return "a row that fails its checksum";
    last = key;
  }
  if (page.next !== null && (last === null || page.next !== last || page.next === after)) return "a page without end";
  return null;
}

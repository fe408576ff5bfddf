// The rows of global indexes are what the items say, no more and no less, once everything has come to rest: computed
// anew from every item of a table, and compared with the items of the hidden tables.
import { must } from "../../base/assert.ts";
import { utf8Decode } from "../../base/utf8.ts";
import type { StorageKey } from "../../base/ids.ts";
import { globalIndexesOf, globalRows } from "../../model/global-index.ts";
import { storedJson, storedTimestamp } from "../../model/item-codec.ts";
import { scanBounds } from "../../model/key-encoding.ts";
import type { Partition, TableSchema } from "../../model/table-schema.ts";
import type { ItemTree } from "../../storage/tree/item-tree.ts";

/** A whole replica of the partition; null: none that is not damaged. */
export type TreeOf = (partition: Partition) => ItemTree | null;

type Due = { readonly json: string; readonly timestamp: number };

/** What is wrong with the indexes of `table`, in words; null: nothing, or a replica that is needed is damaged. */
export function globalIndexFault(
  table: TableSchema, tables: readonly TableSchema[], treeOf: TreeOf,
): string | null {
  const due: Map<StorageKey, Due> = new Map();
  const isWhole = visit(table, treeOf, (key, stored) => {
    for (const row of globalRows(table, key, stored, () => true)) {
      due.set(row.key, { json: jsonOf(row.value), timestamp: storedTimestamp(stored) });
    }
  });
  if (!isWhole) return null;
  let fault: string | null = null;
  for (const index of globalIndexesOf(table)) {
    const hidden = tables.find(({ id }) => id === index.table);
    if (hidden === undefined) return `index ${index.name} has no table`;
    const isRead = visit(hidden, treeOf, (key, stored) => {
      const expected = due.get(key);
      due.delete(key);
      const where = `${index.name}: ${JSON.stringify(key)}`;
      if (expected === undefined) fault ??= `a row of no item in ${where}`;
      else if (jsonOf(stored) !== expected.json) fault ??= `a row that is not as its item in ${where}`;
      else if (storedTimestamp(stored) > expected.timestamp) fault ??= `a row from after its item in ${where}`;
    });
    if (!isRead) return null;
  }
  for (const key of due.keys()) fault ??= `no row where an item has one: ${JSON.stringify(key)}`;
  return fault;
}

/** False: a partition cannot be read. */
function visit(table: TableSchema, treeOf: TreeOf, see: (key: StorageKey, stored: Uint8Array) => void): boolean {
  for (const partition of table.partitions) {
    const tree = treeOf(partition);
    if (tree === null) return false;
    const { from, to } = scanBounds(table.id, partition.from, partition.to);
    const damage = tree.scan(from, to, true, (key, stored) => {
      see(key, stored);
      return true;
    });
    if (damage !== null) return false;
  }
  return true;
}

function jsonOf(stored: Uint8Array): string {
  return must(utf8Decode(storedJson(stored)), "stored items are UTF-8");
}

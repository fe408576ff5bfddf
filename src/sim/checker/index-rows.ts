// The rows of local indexes are what the items say, no more and no less: computed anew from every item of a replica. So
// is what each item collection is said to have.
import type { StorageKey } from "../../base/ids.ts";
import { decodeStored, storedSize } from "../../model/item-codec.ts";
import { collectionKey, rowRanges, scanBounds, SPACES, spacesOf } from "../../model/key-encoding.ts";
import { indexRow } from "../../model/local-index.ts";
import type { Partition, TableSchema } from "../../model/table-schema.ts";
import { collectionBytesOf } from "../../roles/storage-node/collections.ts";
import type { ItemTree } from "../../storage/tree/item-tree.ts";
import type { TreeDamage } from "../../storage/tree/tree-read.ts";

/** What is wrong with the index rows of the partition in this tree, in words; null: nothing. */
export function indexRowsFault(tree: ItemTree, table: TableSchema, partition: Partition): string | TreeDamage | null {
  const [items, ...indexes] = rowRanges(table.id, partition.from, partition.to, spacesOf(table))
    .slice(0, spacesOf(table));
  const due: Map<StorageKey, Uint8Array> = new Map();
  const collections: Map<StorageKey, number> = new Map();
  const hasIndexes = spacesOf(table) > 1;
  let damage = items === undefined ? null : tree.scan(items.from, items.to, true, (at, value) => {
    const item = decodeStored(value);
    let bytes = storedSize(value);
    for (let number = 1; number < spacesOf(table); number++) {
      const row = indexRow(table, number, item);
      if (row !== null) due.set(row.key, row.value);
      bytes += row?.size ?? 0;
    }
    const collection = collectionKey(at);
    if (hasIndexes) collections.set(collection, (collections.get(collection) ?? 0) + bytes);
    return true;
  });
  let fault: string | null = null;
  for (const { from, to } of indexes) {
    damage ??= tree.scan(from, to, true, (key, value) => {
      const expected = due.get(key);
      due.delete(key);
      if (expected === undefined) fault ??= `a row of no item: ${JSON.stringify(key)}`;
      else if (!isEqual(expected, value)) fault ??= `a row that is not as its item: ${JSON.stringify(key)}`;
      return true;
    });
  }
  const counted = scanBounds(table.id, partition.from, partition.to, SPACES.collections);
  damage ??= tree.scan(counted.from, counted.to, true, (key, value) => {
    const bytes = collections.get(key) ?? 0;
    collections.delete(key);
    if (collectionBytesOf(value) !== bytes) fault ??= `a collection is counted wrong: ${JSON.stringify(key)}`;
    return true;
  });
  if (damage !== null) return damage;
  for (const key of collections.keys()) fault ??= `a collection is not counted: ${JSON.stringify(key)}`;
  for (const key of due.keys()) fault ??= `no row where an item has one: ${JSON.stringify(key)}`;
  return fault;
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

// Reads on one replica: a point, and a page of a key range. Items leave in stored form, without decoding,
// unless a projection or filter asks for a look inside.
import { buggify } from "../../base/buggify.ts";
import type { StorageKey } from "../../base/ids.ts";
import { evaluateCondition } from "../../model/expression/evaluate-condition.ts";
import { projectItem } from "../../model/expression/project.ts";
import { decodeStored, encodeJson, storedJson, storedSize } from "../../model/item-codec.ts";
import { must } from "../../base/assert.ts";
import { addressOf, keyAfter, type KeyRange } from "../../model/key-encoding.ts";
import { getAttribute } from "../../model/attribute-map.ts";
import type { Item } from "../../model/attribute-value.ts";
import { READ_UNIT_BYTES } from "../../model/limits.ts";
import type { GetOperation, GetOutcome, PageOptions, PageOutcome } from "../../model/operation.ts";
import type { TableSchema } from "../../model/table-schema.ts";
import type { ItemTree } from "../../storage/tree/item-tree.ts";
import type { TreeDamage } from "../../storage/tree/tree-read.ts";
import { ItemRun } from "./item-run.ts";
import { lastKeyOf } from "./last-key.ts";
import { readCollection } from "./read-collection.ts";

const ABSENT: GetOutcome = { kind: "item", json: null, exists: false, size: 0 };

export function readItem(tree: ItemTree, operation: GetOperation): GetOutcome | TreeDamage {
  const read = tree.get(operation.address.key);
  switch (read.kind) {
    case "corrupt":
      return read;
    case "absent":
      return ABSENT;
    case "value": {
      const size = storedSize(read.value);
      if (operation.projection === null) return { kind: "item", json: storedJson(read.value), exists: true, size };
      const part = projectItem(operation.projection, decodeStored(read.value));
      return { kind: "item", json: encodeJson(part), exists: true, size };
    }
  }
}

/**
 * Evaluates items of `range` in key order until the limit, or until their sizes pass `bytesMax` (the item
 * that passes it is still part of the page, as in DynamoDB). `lastKey` is set whenever one of the two stopped
 * the page, even at the very end of the range.
 */
export function readPage(
  tree: ItemTree, table: TableSchema, range: KeyRange, page: PageOptions, bytesMax: number,
): PageOutcome | TreeDamage {
  const { after, isForward, filter, projection, isCountOnly } = page;
  const limit = page.limit ?? Number.MAX_SAFE_INTEGER;
  const from = after !== null && isForward ? later(keyAfter(after), range.from) : range.from;
  const to = after !== null && !isForward ? earlier(after, range.to) : range.to;
  if (filter === null && projection === null && page.index === undefined && from < to) {
    const collection = tree.collection(from, to);
    if (collection !== null) return readCollection(collection, table, { from, to }, page, bytesMax);
  }
  const run = new ItemRun();
  let count = 0;
  let scanned = 0;
  let scannedBytes = 0;
  let last: StorageKey | null = null;
  /** Of an index. */
  let lastRow: Item | null = null;
  const items = page.index?.fetches === true ? new FetchedItems(tree, table) : null;
  const damage = from >= to ? null : tree.scan(from, to, isForward, (key, row) => {
    scanned++;
    scannedBytes += storedSize(row);
    if (page.index !== undefined) lastRow = decodeStored(row);
    const value = items === null ? row : items.of(must(lastRow));
    if (value === null) return false;
    if (filter === null && projection === null) {
      count++;
      if (!isCountOnly) run.add(storedJson(value));
    } else {
      const item = decodeStored(value);
      if (filter === null || evaluateCondition(filter, item)) {
        count++;
        if (!isCountOnly) run.add(projection === null ? storedJson(value) : encodeJson(projectItem(projection, item)));
      }
    }
    const bytes = scannedBytes + (items?.bytes ?? 0);
    if (scanned < limit && bytes <= bytesMax && !buggify("storage node: a page ends early")) return true;
    last = key;
    lastRow ??= table.indexOf === undefined ? null : decodeStored(row);
    return false;
  });
  if (damage !== null) return damage;
  if (items !== null && items.damage !== null) return items.damage;
  const lastKey = last === null ? null : lastKeyOf(table, page, last, lastRow);
  const outcome: PageOutcome = { kind: "page", runs: run.take(), count, scanned, scannedBytes, lastKey };
  return items === null ? outcome : { ...outcome, fetched: { bytes: items.bytes, steps: items.steps } };
}

/** Reads the items of index rows, and counts what that costs. */
class FetchedItems {
  bytes = 0;
  /** Each item is rounded up by itself. */
  steps = 0;
  damage: TreeDamage | null = null;
  readonly #tree: ItemTree;
  readonly #table: TableSchema;

  constructor(tree: ItemTree, table: TableSchema) {
    this.#tree = tree;
    this.#table = table;
  }

  /** The item in stored form; null: see `damage`. */
  of(row: Item): Uint8Array | null {
    const table = this.#table;
    const hashValue = must(getAttribute(row, table.hashKey.name));
    const rangeValue = must(getAttribute(row, must(table.rangeKey).name));
    const { key } = addressOf(table, hashValue, rangeValue);
    const read = this.#tree.get(key);
    if (read.kind === "value") {
      const size = storedSize(read.value);
      this.bytes += size;
      this.steps += Math.max(1, Math.ceil(size / READ_UNIT_BYTES));
      return read.value;
    }
    this.damage = read.kind === "corrupt" ? read
      : { kind: "corrupt", file: "the tree", key, message: "an index has a row of an item that is not there" };
    return null;
  }
}

function later(a: StorageKey, b: StorageKey): StorageKey {
  return a > b ? a : b;
}

function earlier(a: StorageKey, b: StorageKey): StorageKey {
  return a < b ? a : b;
}

// Reads on one replica: a point, and a page of a key range. Items leave in stored form, without decoding,
// unless a projection or filter asks for a look inside.
import { buggify } from "../../base/buggify.ts";
import type { StorageKey } from "../../base/ids.ts";
import { evaluateCondition } from "../../model/expression/evaluate-condition.ts";
import { projectItem } from "../../model/expression/project.ts";
import { decodeStored, encodeJson, storedJson, storedSize } from "../../model/item-codec.ts";
import { assert, must } from "../../base/assert.ts";
import { ByteSlab } from "../../base/byte-slab.ts";
import { addressOf, keyAfter, keyItemOf } from "../../model/key-encoding.ts";
import { indexKeyItem, localIndexesOf } from "../../model/local-index.ts";
import { getAttribute, newAttributeMap, setAttribute } from "../../model/attribute-map.ts";
import type { Item } from "../../model/attribute-value.ts";
import { READ_UNIT_BYTES } from "../../model/limits.ts";
import type { GetOperation, GetOutcome, ItemJson, PageOptions, PageOutcome } from "../../model/operation.ts";
import type { TableSchema } from "../../model/table-schema.ts";
import type { ItemTree } from "../../storage/tree/item-tree.ts";
import type { TreeDamage } from "../../storage/tree/tree-read.ts";

const COMMA = 0x2c;
/** Room for ten small items before the buffer grows. */
const RUN_BYTES_FIRST = 4096;

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

export type PageRange = { readonly from: StorageKey; readonly to: StorageKey };

/**
 * Evaluates items of `range` in key order until the limit, or until their sizes pass `bytesMax` (the item
 * that passes it is still part of the page, as in DynamoDB). `lastKey` is set whenever one of the two stopped
 * the page, even at the very end of the range.
 */
export function readPage(
  tree: ItemTree, table: TableSchema, range: PageRange, page: PageOptions, bytesMax: number,
): PageOutcome | TreeDamage {
  const { after, isForward, filter, projection, isCountOnly } = page;
  const limit = page.limit ?? Number.MAX_SAFE_INTEGER;
  const from = after !== null && isForward ? later(keyAfter(after), range.from) : range.from;
  const to = after !== null && !isForward ? earlier(after, range.to) : range.to;
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

/** A row of an index has all key attributes; an item's are in its key. */
function lastKeyOf(table: TableSchema, { index }: PageOptions, last: StorageKey, row: Item | null): Item {
  if (table.indexOf !== undefined) return attributesOf(must(row), table.indexOf.keyNames);
  if (index === undefined) return keyItemOf(table, last);
  return indexKeyItem(table, must(localIndexesOf(table)[index.number - 1]), must(row));
}

function attributesOf(row: Item, names: readonly string[]): Item {
  const part = newAttributeMap();
  for (const name of names) setAttribute(part, name, must(getAttribute(row, name), "a row has its keys"));
  return part;
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

/** Pages are answered, and let go, soon after they are read. */
const slab = new ByteSlab(16 * RUN_BYTES_FIRST);

/**
 * Gathers the items of a page into one piece of JSON: one buffer and one checksum, however many items there are. One
 * page at a time: it grows in the slab until it is too large for that.
 */
class ItemRun {
  /** The slab's block, or one of its own. */
  #bytes: Uint8Array = slab.room(RUN_BYTES_FIRST);
  #from: number = slab.used;
  #end: number = this.#from + RUN_BYTES_FIRST;
  #at: number = this.#from;
  #isInSlab = true;

  add(json: Uint8Array): void {
    if (this.#at + 1 + json.length > this.#end) this.#grow(1 + json.length);
    if (this.#at > this.#from) this.#bytes[this.#at++] = COMMA;
    this.#bytes.set(json, this.#at);
    this.#at += json.length;
  }

  take(): readonly ItemJson[] {
    const length = this.#at - this.#from;
    if (length === 0) return [];
    if (!this.#isInSlab) return [this.#bytes.subarray(0, length)];
    assert(slab.used === this.#from, "one page at a time");
    return [slab.take(length)];
  }

  #grow(more: number): void {
    const gathered = this.#bytes.subarray(this.#from, this.#at);
    this.#bytes = new Uint8Array(Math.max(gathered.length + more, 2 * (this.#end - this.#from)));
    this.#bytes.set(gathered);
    this.#from = 0;
    this.#at = gathered.length;
    this.#end = this.#bytes.length;
    this.#isInSlab = false;
  }
}

function later(a: StorageKey, b: StorageKey): StorageKey {
  return a > b ? a : b;
}

function earlier(a: StorageKey, b: StorageKey): StorageKey {
  return a < b ? a : b;
}

// A page of an item collection that is in memory, without filter and projection: the items' JSON is there in one piece.
import { must } from "../../base/assert.ts";
import { buggify } from "../../base/buggify.ts";
import { utf8Decode } from "../../base/utf8.ts";
import type { Item } from "../../model/attribute-value.ts";
import type { KeyRange } from "../../model/key-encoding.ts";
import type { ItemJson, PageOptions, PageOutcome } from "../../model/operation.ts";
import type { TableSchema } from "../../model/table-schema.ts";
import type { Collection } from "../../storage/tree/collection.ts";
import { ItemRun } from "./item-run.ts";
import { lastKeyOf } from "./last-key.ts";

/** As readPage, of rows from <= key < to. */
export function readCollection(
  collection: Collection, table: TableSchema, { from, to }: KeyRange, page: PageOptions, bytesMax: number,
): PageOutcome {
  const { keys, sizes } = collection;
  const { isForward } = page;
  const limit = page.limit ?? Number.MAX_SAFE_INTEGER;
  const first = collection.rank(from);
  const end = collection.rank(to);
  const step = isForward ? 1 : -1;
  const start = isForward ? first : end - 1;
  const there = end - first;
  let count = 0;
  let scannedBytes = 0;
  let isCut = false;
  while (count < there && !isCut) {
    scannedBytes += sizes[start + count * step] as number;
    count++;
    isCut = count >= limit || scannedBytes > bytesMax || buggify("storage node: a page ends early");
  }
  let lastKey: Item | null = null;
  if (isCut) {
    const at = start + (count - 1) * step;
    const row = table.indexOf === undefined ? null : itemOf(collection, at);
    lastKey = lastKeyOf(table, page, must(keys[at]), row);
  }
  const runs = count === 0 || page.isCountOnly ? [] : [runOf(collection, start, count, isForward)];
  return { kind: "page", runs, count, scanned: count, scannedBytes, lastKey };
}

function runOf(collection: Collection, start: number, count: number, isForward: boolean): ItemJson {
  if (isForward) return collection.json(start, start + count);
  const run = new ItemRun();
  for (let i = start; i > start - count; i--) run.add(collection.json(i, i + 1));
  return must(run.take()[0]);
}

function itemOf(collection: Collection, at: number): Item {
  return JSON.parse(must(utf8Decode(collection.json(at, at + 1)), "a stored item is UTF-8")) as Item;
}

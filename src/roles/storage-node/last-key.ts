// What LastEvaluatedKey is made of.
import { must } from "../../base/assert.ts";
import type { StorageKey } from "../../base/ids.ts";
import { getAttribute, newAttributeMap, setAttribute } from "../../model/attribute-map.ts";
import type { Item } from "../../model/attribute-value.ts";
import { keyItemOf } from "../../model/key-encoding.ts";
import { indexKeyItem, localIndexesOf } from "../../model/local-index.ts";
import type { PageOptions } from "../../model/operation.ts";
import type { TableSchema } from "../../model/table-schema.ts";

/** A row of an index has all key attributes; an item's are in its key. */
export function lastKeyOf(table: TableSchema, { index }: PageOptions, last: StorageKey, row: Item | null): Item {
  if (table.indexOf !== undefined) return attributesOf(must(row), table.indexOf.keyNames);
  if (index === undefined) return keyItemOf(table, last);
  return indexKeyItem(table, must(localIndexesOf(table)[index.number - 1]), must(row));
}

function attributesOf(row: Item, names: readonly string[]): Item {
  const part = newAttributeMap();
  for (const name of names) setAttribute(part, name, must(getAttribute(row, name), "a row has its keys"));
  return part;
}

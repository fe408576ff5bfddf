// Keys and items of requests, checked against a table's key schema.
import type { Item } from "../../../model/attribute-value.ts";
import { addressOf } from "../../../model/key-encoding.ts";
import { keyOfItem, keyOfKey } from "../../../model/key-schema.ts";
import { encodeItem } from "../../../model/item-codec.ts";
import { itemSize } from "../../../model/item-size.ts";
import { globalKeyProblem } from "../../../model/global-index.ts";
import { indexKeyProblem } from "../../../model/local-index.ts";
import { ITEM_BYTES_MAX } from "../../../model/limits.ts";
import type { ItemAddress } from "../../../model/operation.ts";
import type { TableSchema } from "../../../model/table-schema.ts";
import { type Failure, validation } from "../errors.ts";
import { type Result, no, ok } from "../result.ts";
import { InvalidValue } from "../validate/check-values.ts";

/** An item or key whose values are valid, or what is wrong with them. */
export function validItem(checked: unknown): Result<Item> {
  return checked instanceof InvalidValue ? no(validation(checked.message)) : ok(checked as Item);
}

export function addressOfKey(table: TableSchema, key: Item): Result<ItemAddress> {
  const found = keyOfKey(table, key);
  if (!found.ok) return no(validation(found.problem.message));
  return ok(addressOf(table, found.key.hashValue, found.key.rangeValue));
}

export type SizedItem = { readonly item: Item; readonly size: number };

/** Told before the table is looked up, as DynamoDB does. */
export function sizedItem(item: Item): Result<SizedItem> {
  const size = itemSize(item);
  return size > ITEM_BYTES_MAX ? no(itemTooLarge()) : ok({ item, size });
}

function itemTooLarge(): Failure {
  return validation("Item size has exceeded the maximum allowed size");
}

export type StoredItem = { readonly address: ItemAddress; readonly itemBytes: Uint8Array; readonly itemSize: number };

export function storedItem(table: TableSchema, sized: SizedItem): Result<StoredItem> {
  const found = keyOfItem(table, sized.item);
  if (!found.ok) return no(validation(found.problem.message));
  const indexed = indexKeyProblem(table, sized.item) ?? globalKeyProblem(table, sized.item);
  if (indexed !== null) return no(validation(indexed.message));
  const address = addressOf(table, found.key.hashValue, found.key.rangeValue);
  return ok({ address, itemBytes: encodeItem(sized.item, sized.size, address.key), itemSize: sized.size });
}

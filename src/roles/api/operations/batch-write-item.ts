// BatchWriteItem: up to 25 puts and deletes of any tables, each by itself.
import { assert } from "../../../base/assert.ts";
import type { Item } from "../../../model/attribute-value.ts";
import { writeUnits } from "../../../model/capacity-units.ts";
import { BATCH_WRITE_COUNT_MAX } from "../../../model/limits.ts";
import type {
  BatchWriteOutcome, DeleteOperation, PutOperation, Refusal, WriteOperation,
} from "../../../model/operation.ts";
import type { TableSchema } from "../../../model/table-schema.ts";
import type { Call } from "../call.ts";
import { type Failure, failureOf, failureOfRefusal, validation } from "../errors.ts";
import { type IndexUnits, addIndexUnits, capacityJson, capacityModeOf } from "../json-codec/capacity.ts";
import type { OperationHandler } from "./handler.ts";
import { type Result, no, ok } from "../result.ts";
import type { JsonObject } from "../validate/json-object.ts";
import { BATCH_WRITE_ITEM } from "../validate/item-shapes.ts";
import { isPassing } from "./batch-get-item.ts";
import { type SizedItem, addressOfKey, sizedItem, storedItem, validItem } from "./keys.ts";
import { indexUnitsOf, metricsJson } from "./write-common.ts";
import { findTable } from "./table-name.ts";

export const batchWriteItem: OperationHandler = { shape: BATCH_WRITE_ITEM, run };

type WriteRequest = {
  readonly PutRequest?: { readonly Item: unknown };
  readonly DeleteRequest?: { readonly Key: unknown };
};
type CheckedRequest =
  | { readonly kind: "put"; readonly sized: SizedItem }
  | { readonly kind: "delete"; readonly key: Item };

/** One table's part: writes `first` .. `first + requests.length - 1` of the operation are its own. */
type Part = {
  readonly table: string;
  readonly schema: TableSchema;
  readonly requests: readonly WriteRequest[];
  readonly first: number;
};

function run(input: JsonObject, call: Call): Failure | null {
  const requestItems = input["RequestItems"] as { readonly [table: string]: readonly WriteRequest[] };
  const tables = Object.keys(requestItems);
  let count = 0;
  for (const table of tables) count += (requestItems[table] as readonly WriteRequest[]).length;
  if (count > BATCH_WRITE_COUNT_MAX) return validation("Too many items requested for the BatchWriteItem call");
  const checked: CheckedRequest[] = [];
  for (const table of tables) {
    for (const request of requestItems[table] as readonly WriteRequest[]) {
      const one = checkRequest(request);
      if (!one.ok) return one.failure;
      checked.push(one.value);
    }
  }
  const writes: (PutOperation | DeleteOperation)[] = [];
  const parts: Part[] = [];
  const seen = new Set<string>();
  for (const name of tables) {
    const table = findTable(name, call);
    if (!table.ok) return table.failure;
    const requests = requestItems[name] as readonly WriteRequest[];
    parts.push({ table: name, schema: table.value, requests, first: writes.length });
    for (let i = 0; i < requests.length; i++) {
      const write = writeOf(table.value, checked[writes.length] as CheckedRequest);
      if (!write.ok) return write.failure;
      const { key } = write.value.address;
      if (seen.has(key)) return validation("Provided list of item keys contains duplicates");
      seen.add(key);
      writes.push(write.value);
    }
  }
  assert(writes.length === checked.length, "every request of a batch becomes a write");
  call.plan({ kind: "batch-write", writes }, (outcome) => {
    if (outcome.kind === "batch-written") answer(call, outcome, parts, writes, input);
    else call.fail(failureOf(outcome));
  });
  return null;
}

/** Exactly one of put and delete, in the words DynamoDB has for it. */
function checkRequest(request: WriteRequest): Result<CheckedRequest> {
  const { PutRequest, DeleteRequest } = request;
  if (PutRequest !== undefined && DeleteRequest !== undefined) {
    return no(validation("Supplied AttributeValue has more than one datatypes set, "
      + "must contain exactly one of the supported datatypes"));
  }
  if (PutRequest !== undefined) {
    const item = validItem(PutRequest.Item);
    if (!item.ok) return item;
    const sized = sizedItem(item.value);
    return sized.ok ? ok({ kind: "put", sized: sized.value }) : sized;
  }
  if (DeleteRequest !== undefined) {
    const key = validItem(DeleteRequest.Key);
    return key.ok ? ok({ kind: "delete", key: key.value }) : key;
  }
  return no(validation("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"));
}

function writeOf(table: TableSchema, request: CheckedRequest): Result<PutOperation | DeleteOperation> {
  if (request.kind === "delete") {
    const address = addressOfKey(table, request.key);
    if (!address.ok) return address;
    return ok({
      kind: "delete", table, address: address.value, condition: null, returnValues: "NONE", returnOldOnFailure: false,
    });
  }
  const stored = storedItem(table, request.sized);
  if (!stored.ok) return stored;
  return ok({
    kind: "put", table, address: stored.value.address, condition: null, returnValues: "NONE",
    returnOldOnFailure: false, itemBytes: stored.value.itemBytes, itemSize: stored.value.itemSize,
  });
}

function answer(
  call: Call, outcome: BatchWriteOutcome, parts: readonly Part[], writes: readonly WriteOperation[], input: JsonObject,
): void {
  const mode = capacityModeOf(input["ReturnConsumedCapacity"]);
  const collections: string[] = [];
  const unprocessed: string[] = [];
  const capacity: string[] = [];
  let doneCount = 0;
  let refusal: Refusal | null = null;
  for (const part of parts) {
    const left: WriteRequest[] = [];
    let units = 0;
    const indexes = new Map<string, IndexUnits>();
    const metrics = new Set<string>();
    for (let i = 0; i < part.requests.length; i++) {
      const one = outcome.outcomes[part.first + i];
      if (one !== undefined && one.kind === "written") {
        doneCount++;
        units += writeUnits(Math.max(one.oldSize, one.newSize));
        const metric = metricsJson(input, writes[part.first + i] as WriteOperation, one);
        if (metric !== null) metrics.add(metric);
        addIndexUnits(indexes, indexUnitsOf(part.schema, one));
        continue;
      }
      if (one !== undefined && !isPassing(one)) {
        call.fail(failureOfRefusal(one, false));
        return;
      }
      refusal ??= one ?? { kind: "unavailable", reason: "no outcome" };
      left.push(part.requests[i] as WriteRequest);
    }
    if (left.length > 0) unprocessed.push(`${JSON.stringify(part.table)}:${JSON.stringify(left)}`);
    if (metrics.size > 0) collections.push(`${JSON.stringify(part.table)}:[${[...metrics].join(",")}]`);
    if (mode === null) continue;
    capacity.push(capacityJson(part.table, units, mode, [...indexes.values()]));
  }
  if (doneCount === 0 && refusal !== null) {
    call.fail(failureOfRefusal(refusal, false));
    return;
  }
  const consumed = mode === null ? "" : `,"ConsumedCapacity":[${capacity.join(",")}]`;
  const metrics = collections.length === 0 ? "" : `,"ItemCollectionMetrics":{${collections.join(",")}}`;
  call.succeedText(`{"UnprocessedItems":{${unprocessed.join(",")}}${consumed}${metrics}}`);
}

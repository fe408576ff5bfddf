// BatchGetItem: up to 100 keys of any tables, answered as far as 16 MB and the storage nodes allow.
import { utf8Encode } from "../../../base/utf8.ts";
import type { Item } from "../../../model/attribute-value.ts";
import { readUnits } from "../../../model/capacity-units.ts";
import { BATCH_GET_BYTES_MAX, BATCH_GET_COUNT_MAX } from "../../../model/limits.ts";
import type { BatchGetOutcome, GetOperation, Refusal } from "../../../model/operation.ts";
import type { Call } from "../call.ts";
import { type Failure, failureOf, failureOfRefusal, validation } from "../errors.ts";
import { type CapacityMode, capacityJson, capacityModeOf } from "../json-codec/capacity.ts";
import type { OperationHandler } from "./handler.ts";
import type { JsonObject } from "../validate/json-object.ts";
import { BATCH_GET_ITEM } from "../validate/item-shapes.ts";
import { GET_EXPRESSIONS, openExpressions, unusedFailure } from "./expressions.ts";
import { projectionOf } from "./get-item.ts";
import { addressOfKey, validItem } from "./keys.ts";
import { findTable } from "./table-name.ts";
import { LEGACY_GET, mixingFailure } from "../legacy/mixing.ts";

export const batchGetItem: OperationHandler = { shape: BATCH_GET_ITEM, run };

const EMPTY_OBJECT: Uint8Array = utf8Encode("{}");
const COMMA: Uint8Array = utf8Encode(",");

/** One table's part of the request: gets `first` .. `first + keys.length - 1` of the operation are its own. */
type Part = {
  /** Name or ARN as the client gave it. */
  readonly table: string;
  readonly request: JsonObject;
  readonly keys: readonly Item[];
  readonly first: number;
};

function run(input: JsonObject, call: Call): Failure | null {
  const requests = input["RequestItems"] as { readonly [table: string]: JsonObject };
  const tables = Object.keys(requests);
  let count = 0;
  for (const table of tables) count += ((requests[table] as JsonObject)["Keys"] as unknown[]).length;
  if (count > BATCH_GET_COUNT_MAX) return validation("Too many items requested for the BatchGetItem call");
  const gets: GetOperation[] = [];
  const parts: Part[] = [];
  const seen = new Set<string>();
  for (const table of tables) {
    const failure = addPart(table, requests[table] as JsonObject, call, gets, parts, seen);
    if (failure !== null) return failure;
  }
  const mode = capacityModeOf(input["ReturnConsumedCapacity"]);
  call.plan({ kind: "batch-get", gets }, (outcome) => {
    if (outcome.kind === "items") answer(call, outcome, gets, parts, mode);
    else call.fail(failureOf(outcome));
  });
  return null;
}

function addPart(
  tableText: string, request: JsonObject, call: Call, gets: GetOperation[], parts: Part[], seen: Set<string>,
): Failure | null {
  const legacy = mixingFailure(request, LEGACY_GET, GET_EXPRESSIONS.all);
  if (legacy !== null) return legacy;
  const context = openExpressions(request, GET_EXPRESSIONS);
  if (!context.ok) return context.failure;
  const keys: Item[] = [];
  for (const checked of request["Keys"] as readonly unknown[]) {
    const key = validItem(checked);
    if (!key.ok) return key.failure;
    keys.push(key.value);
  }
  const projection = projectionOf(request, context.value);
  if (!projection.ok) return projection.failure;
  const unused = unusedFailure(context.value);
  if (unused !== null) return unused;
  const table = findTable(tableText, call);
  if (!table.ok) return table.failure;
  const isStrong = request["ConsistentRead"] === true;
  parts.push({ table: tableText, request, keys, first: gets.length });
  for (const key of keys) {
    const address = addressOfKey(table.value, key);
    if (!address.ok) return address.failure;
    if (seen.has(address.value.key)) return validation("Provided list of item keys contains duplicates");
    seen.add(address.value.key);
    gets.push({
      kind: "get", table: table.value, address: address.value, isStrong, projection: projection.value,
    });
  }
  return null;
}

/** What of the batch could not be had: refused for now, or beyond the bytes of one answer. */
type Gathered = {
  readonly responses: Uint8Array[];
  readonly unprocessed: string[];
  readonly capacity: string[];
  bytes: number;
  taken: number;
  refusal: Refusal | null;
};

function answer(
  call: Call, outcome: BatchGetOutcome, gets: readonly GetOperation[], parts: readonly Part[], mode: CapacityMode,
): void {
  const gathered: Gathered = {
    responses: [], unprocessed: [], capacity: [], bytes: 0, taken: 0, refusal: null,
  };
  for (const part of parts) {
    const fatal = gatherPart(gathered, part, outcome, gets, mode);
    if (fatal !== null) {
      call.fail(failureOfRefusal(fatal, false));
      return;
    }
  }
  if (gathered.taken === 0 && gathered.refusal !== null) {
    call.fail(failureOfRefusal(gathered.refusal, false));
    return;
  }
  let tail = `},"UnprocessedKeys":{${gathered.unprocessed.join(",")}}`;
  if (mode !== null) tail += `,"ConsumedCapacity":[${gathered.capacity.join(",")}]`;
  call.succeed([utf8Encode('{"Responses":{'), ...gathered.responses, utf8Encode(`${tail}}`)]);
}

/** A refusal that a retry does not cure fails the whole batch and is returned. */
function gatherPart(
  gathered: Gathered, part: Part, outcome: BatchGetOutcome, gets: readonly GetOperation[], mode: CapacityMode,
): Refusal | null {
  const { responses } = gathered;
  const left: Item[] = [];
  let units = 0;
  let isFirst = true;
  responses.push(utf8Encode(`${responses.length === 0 ? "" : ","}${JSON.stringify(part.table)}:[`));
  for (let i = 0; i < part.keys.length; i++) {
    const one = outcome.outcomes[part.first + i];
    if (one === undefined || one.kind !== "item") {
      if (one !== undefined && !isPassing(one)) return one;
      gathered.refusal ??= one ?? { kind: "unavailable", reason: "no outcome" };
      left.push(part.keys[i] as Item);
      continue;
    }
    if (gathered.bytes + one.size > BATCH_GET_BYTES_MAX) {
      left.push(part.keys[i] as Item);
      continue;
    }
    gathered.bytes += one.size;
    gathered.taken++;
    units += readUnits(one.size, (gets[part.first + i] as GetOperation).isStrong);
    const json = one.json ?? (one.exists ? EMPTY_OBJECT : null);
    if (json === null) continue;
    if (!isFirst) responses.push(COMMA);
    isFirst = false;
    responses.push(json);
  }
  responses.push(utf8Encode("]"));
  if (left.length > 0) {
    gathered.unprocessed.push(`${JSON.stringify(part.table)}:${JSON.stringify({ ...part.request, Keys: left })}`);
  }
  if (mode !== null) gathered.capacity.push(capacityJson(part.table, units, mode));
  return null;
}

/** True of what passes by itself, so that the client may send the rest again. */
export function isPassing(refusal: Refusal): boolean {
  const { kind } = refusal;
  return kind === "unavailable" || kind === "overloaded" || kind === "throughput-exceeded" || kind === "conflict";
}

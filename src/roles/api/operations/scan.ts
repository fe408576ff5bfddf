// Scan: the whole table, or one segment's share of the hash space.
import { HASH_POINT_END, type HashPoint, type StorageKey, hashPoint } from "../../../base/ids.ts";
import type { Item } from "../../../model/attribute-value.ts";
import type { ScanOperation } from "../../../model/operation.ts";
import type { Call } from "../call.ts";
import { type Failure, failureOf, validation } from "../errors.ts";
import type { OperationHandler } from "./handler.ts";
import { type Result, no, ok } from "../result.ts";
import type { JsonObject } from "../validate/json-object.ts";
import { SCAN } from "../validate/item-shapes.ts";
import { SCAN_EXPRESSIONS, openExpressions, unusedFailure } from "./expressions.ts";
import { projectionOf } from "./get-item.ts";
import { answerPage, filterOf, selectFailure, startItem } from "./page-common.ts";
import { indexReadOf, startAddress, targetOf, type ReadTarget } from "./read-target.ts";
import { findTable } from "./table-name.ts";
import { LEGACY_SCAN, mixingFailure } from "../legacy/mixing.ts";

export const scan: OperationHandler = { shape: SCAN, run };

function run(input: JsonObject, call: Call): Failure | null {
  const operation = operationOf(input, call);
  if (!operation.ok) return operation.failure;
  call.plan(operation.value, (outcome) => {
    if (outcome.kind === "page") answerPage(call, outcome, operation.value, input);
    else call.fail(failureOf(outcome));
  });
  return null;
}

function operationOf(input: JsonObject, call: Call): Result<ScanOperation> {
  const early = mixingFailure(input, LEGACY_SCAN, SCAN_EXPRESSIONS.all)
    ?? segmentFailure(input) ?? selectFailure(input);
  if (early !== null) return no(early);
  const start = startItem(input);
  if (!start.ok) return start;
  const context = openExpressions(input, SCAN_EXPRESSIONS);
  if (!context.ok) return context;
  const filter = filterOf(input, context.value, "ScanFilter");
  if (!filter.ok) return filter;
  const projection = projectionOf(input, context.value);
  if (!projection.ok) return projection;
  const unused = unusedFailure(context.value);
  if (unused !== null) return no(unused);
  const table = findTable(input["TableName"] as string, call);
  if (!table.ok) return table;
  const target = targetOf(table.value, input, call.context.lookupTable);
  if (!target.ok) return target;
  const index = indexReadOf(target.value, input, filter.value, projection.value);
  if (!index.ok) return index;
  const share = segmentOf(input);
  const after = start.value === null ? ok(null) : startKeyOf(target.value, start.value, share);
  if (!after.ok) return after;
  return ok({
    kind: "scan", table: target.value.rows, fromPoint: share.from, toPoint: share.to,
    page: {
      isForward: true,
      limit: (input["Limit"] as number | undefined) ?? null,
      after: after.value,
      filter: filter.value,
      projection: projection.value,
      isCountOnly: input["Select"] === "COUNT",
      isStrong: input["ConsistentRead"] === true,
      ...index.value,
    },
  });
}

function segmentFailure(input: JsonObject): Failure | null {
  const segment = input["Segment"] as number | undefined;
  const total = input["TotalSegments"] as number | undefined;
  if (segment === undefined && total === undefined) return null;
  if (total === undefined) {
    return validation("The TotalSegments parameter is required but was not present in the request "
      + "when Segment parameter is present");
  }
  if (segment === undefined) {
    return validation("The Segment parameter is required but was not present in the request "
      + "when parameter TotalSegments is present");
  }
  if (segment < total) return null;
  return validation("The Segment parameter is zero-based and must be less than parameter TotalSegments: "
    + `Segment: ${segment} is not less than TotalSegments: ${total}`);
}

/** One segment: hash points from <= p < to. Segments of one total touch and cover the space once. */
type Share = {
  readonly from: HashPoint; readonly to: HashPoint; readonly segment: number; readonly total: number;
};

function segmentOf(input: JsonObject): Share {
  const segment = (input["Segment"] as number | undefined) ?? 0;
  const total = (input["TotalSegments"] as number | undefined) ?? 1;
  return { from: boundary(segment, total), to: boundary(segment + 1, total), segment, total };
}

/** Exact at both ends: index 0 is 0, index `total` the end of the space. */
function boundary(index: number, total: number): HashPoint {
  return index === total ? HASH_POINT_END : hashPoint(Math.floor((HASH_POINT_END / total) * index));
}

function startKeyOf(target: ReadTarget, start: Item, share: Share): Result<StorageKey> {
  const address = startAddress(target, start);
  if (address === null) {
    return no(validation(
      "The provided starting key is invalid: The provided key element does not match the schema",
    ));
  }
  const { key, point } = address;
  if (point < share.from || point >= share.to) {
    return no(validation("The provided starting key is invalid: Invalid ExclusiveStartKey. Please use "
      + `ExclusiveStartKey with correct Segment. TotalSegments: ${share.total} Segment: ${share.segment}`));
  }
  return ok(key);
}

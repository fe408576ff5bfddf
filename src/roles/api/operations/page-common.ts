// What Query and Scan share: Select and Limit rules, filter and projection, and the answer around stored bytes.
import { utf8Encode } from "../../../base/utf8.ts";
import { pageReadUnits } from "../../../model/capacity-units.ts";
import type { Item } from "../../../model/attribute-value.ts";
import type { ConditionNode } from "../../../model/expression/ast.ts";
import type { ExpressionContext } from "../../../model/expression/context.ts";
import { parseCondition } from "../../../model/expression/parse.ts";
import type { PageOutcome, QueryOperation, ScanOperation } from "../../../model/operation.ts";
import type { Call } from "../call.ts";
import { type Failure, validation } from "../errors.ts";
import { capacityJson, capacityModeOf } from "../json-codec/capacity.ts";
import { legacyFilter } from "../legacy/conditions.ts";
import { type Result, no, ok } from "../result.ts";
import { InvalidValue } from "../validate/check-values.ts";
import type { JsonObject } from "../validate/json-object.ts";
import { firstNameIn } from "./condition-names.ts";
import type { ReadTarget } from "./read-target.ts";

const COMMA: Uint8Array = utf8Encode(",");
const ITEMS_HEAD: Uint8Array = utf8Encode('{"Items":[');

/** Select against ProjectionExpression. */
export function selectFailure(input: JsonObject): Failure | null {
  const select = input["Select"] as string | undefined;
  if (select === undefined) return null;
  const hasProjection = input["ProjectionExpression"] !== undefined || input["AttributesToGet"] !== undefined;
  if (select === "SPECIFIC_ATTRIBUTES") {
    return hasProjection ? null : validation(
      "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES",
    );
  }
  if (select === "ALL_PROJECTED_ATTRIBUTES" && input["IndexName"] === undefined) {
    return validation("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName");
  }
  if (!hasProjection) return null;
  const parameter = input["ProjectionExpression"] === undefined ? "AttributesToGet" : "ProjectionExpression";
  return validation(`Cannot specify the ${parameter} when choosing to get `
    + (select === "COUNT" ? "only the Count" : select));
}

/** ExclusiveStartKey with valid values; null: there is none. */
export function startItem(input: JsonObject): Result<Item | null> {
  const start = input["ExclusiveStartKey"];
  if (start === undefined) return ok(null);
  return start instanceof InvalidValue
    ? no(validation(`The provided starting key is invalid: ${start.message}`)) : ok(start as Item);
}

/** Null: neither a FilterExpression nor the parameter `legacy`, which stood in its place before. */
export function filterOf(
  input: JsonObject, context: ExpressionContext | null, legacy: "QueryFilter" | "ScanFilter",
): Result<ConditionNode | null> {
  const text = input["FilterExpression"] as string | undefined;
  if (text === undefined || context === null) return legacyFilter(input, legacy);
  const parsed = parseCondition(text, "FilterExpression", context);
  return parsed.ok ? ok(parsed.value) : no(validation(parsed.message));
}

/** A Query's filter may not look at the key: the key condition is for that. */
export function filterOnKeyFailure(
  { hashKeys, rangeKeys }: ReadTarget, filter: ConditionNode, parameter: "Filter Expression" | "QueryFilter",
): Failure | null {
  const isKey = (attribute: string): boolean => (
    hashKeys.some(({ name }) => name === attribute) || rangeKeys.some(({ name }) => name === attribute)
  );
  const name = firstNameIn(filter, isKey);
  return name === null ? null : validation(
    `${parameter} can only contain non-primary key attributes: Primary key attribute: ${name}`,
  );
}

/** `input` of a Query or Scan whose operation, on rows of `rows`, had `page`. */
export function answerPage(
  call: Call, outcome: PageOutcome, { table: rows, page }: QueryOperation | ScanOperation, input: JsonObject,
): void {
  const { isCountOnly, isStrong } = page;
  const mode = capacityModeOf(input["ReturnConsumedCapacity"]);
  let tail = `"Count":${outcome.count},"ScannedCount":${outcome.scanned}`;
  if (outcome.lastKey !== null) tail += `,"LastEvaluatedKey":${JSON.stringify(outcome.lastKey)}`;
  if (mode !== null) {
    const table = input["TableName"] as string;
    const units = pageReadUnits(outcome.scannedBytes, isStrong);
    const steps = outcome.fetched?.steps ?? 0;
    const isGlobal = rows.indexOf !== undefined;
    const capacity = page.index === undefined && !isGlobal ? capacityJson(table, units, mode)
      : capacityJson(
        table, isStrong ? steps : steps / 2, mode, [{ name: input["IndexName"] as string, units, isGlobal }],
      );
    tail += `,"ConsumedCapacity":${capacity}`;
  }
  if (isCountOnly) {
    call.succeedText(`{${tail}}`);
    return;
  }
  const { runs } = outcome;
  const body: Uint8Array[] = [ITEMS_HEAD];
  for (let i = 0; i < runs.length; i++) {
    if (i > 0) body.push(COMMA);
    body.push(runs[i] as Uint8Array);
  }
  body.push(utf8Encode(`],${tail}}`));
  call.succeed(body);
}

// What Query and Scan share: Select and Limit rules, filter and projection, and the answer around stored bytes.
import { utf8Encode } from "../../../base/utf8.ts";
import { pageReadUnits } from "../../../model/capacity-units.ts";
import type { ConditionNode, Operand, PathNode } from "../../../model/expression/ast.ts";
import type { ExpressionContext } from "../../../model/expression/context.ts";
import { parseCondition } from "../../../model/expression/parse.ts";
import type { PageOutcome } from "../../../model/operation.ts";
import type { TableSchema } from "../../../model/table-schema.ts";
import type { Call } from "../call.ts";
import { type Failure, validation } from "../errors.ts";
import { type CapacityMode, capacityJson } from "../json-codec/capacity.ts";
import { legacyFilter } from "../legacy/conditions.ts";
import { type Result, no, ok } from "../result.ts";
import type { JsonObject } from "../validate/json-object.ts";

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
    return validation("One or more parameter values were invalid: "
      + "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName");
  }
  if (!hasProjection) return null;
  const parameter = input["ProjectionExpression"] === undefined ? "AttributesToGet" : "ProjectionExpression";
  return validation(`Cannot specify the ${parameter} when choosing to get `
    + (select === "COUNT" ? "only the Count" : select));
}

/** Tables have no indexes here, so any index is one the table does not have. */
export function indexFailure(input: JsonObject): Failure | null {
  const name = input["IndexName"] as string | undefined;
  return name === undefined ? null : validation(`The table does not have the specified index: ${name}`);
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
  table: TableSchema, filter: ConditionNode, parameter: "Filter Expression" | "QueryFilter",
): Failure | null {
  const name = keyAttributeIn(filter, table.hashKey.name, table.rangeKey?.name ?? null);
  return name === null ? null : validation(
    `${parameter} can only contain non-primary key attributes: Primary key attribute: ${name}`,
  );
}

function keyAttributeIn(node: ConditionNode, hash: string, range: string | null): string | null {
  const ofPath = (path: PathNode): string | null => path[0] === hash || path[0] === range ? path[0] : null;
  const of = (operand: Operand): string | null => operand.kind === "value" ? null : ofPath(operand.path);
  switch (node.kind) {
    case "and": case "or":
      return keyAttributeIn(node.left, hash, range) ?? keyAttributeIn(node.right, hash, range);
    case "not": return keyAttributeIn(node.operand, hash, range);
    case "compare": return of(node.left) ?? of(node.right);
    case "between": return of(node.operand) ?? of(node.low) ?? of(node.high);
    case "in": {
      let found = of(node.operand);
      for (const operand of node.list) found ??= of(operand);
      return found;
    }
    case "begins_with": return of(node.operand) ?? of(node.prefix);
    case "contains": return of(node.operand) ?? of(node.element);
    case "attribute_exists": case "attribute_not_exists": case "attribute_type":
      return ofPath(node.path);
    default:
      return node satisfies never;
  }
}

export function answerPage(
  call: Call, outcome: PageOutcome, isCountOnly: boolean, isStrong: boolean, table: string, mode: CapacityMode,
): void {
  let tail = `"Count":${outcome.count},"ScannedCount":${outcome.scanned}`;
  if (outcome.lastKey !== null) tail += `,"LastEvaluatedKey":${JSON.stringify(outcome.lastKey)}`;
  if (mode !== null) {
    const units = pageReadUnits(outcome.scannedBytes, isStrong);
    tail += `,"ConsumedCapacity":${capacityJson(table, units, mode)}`;
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

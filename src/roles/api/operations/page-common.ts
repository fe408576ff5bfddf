// What Query and Scan share: Select and Limit rules, filter and projection, and the answer around stored bytes.
import { utf8Encode } from "../../../base/utf8.ts";
import { must } from "../../../base/assert.ts";
import { getAttribute } from "../../../model/attribute-map.ts";
import type { Item } from "../../../model/attribute-value.ts";
import { pointOfKey } from "../../../model/key-encoding.ts";
import { keyOfItem } from "../../../model/key-schema.ts";
import { indexKeyNames, indexKeyOf, indexKeyProblem, isProjected, localIndexesOf } from "../../../model/local-index.ts";
import { pageReadUnits } from "../../../model/capacity-units.ts";
import type { ConditionNode, Operand, PathNode } from "../../../model/expression/ast.ts";
import type { ExpressionContext } from "../../../model/expression/context.ts";
import { parseCondition } from "../../../model/expression/parse.ts";
import type { IndexRead, ItemAddress, PageOptions, PageOutcome } from "../../../model/operation.ts";
import type { LocalIndex, TableSchema } from "../../../model/table-schema.ts";
import type { Call } from "../call.ts";
import { type Failure, validation } from "../errors.ts";
import { capacityJson, capacityModeOf } from "../json-codec/capacity.ts";
import { legacyFilter } from "../legacy/conditions.ts";
import { type Result, no, ok } from "../result.ts";
import { InvalidValue } from "../validate/check-values.ts";
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

/** ExclusiveStartKey with valid values; null: there is none. */
export function startItem(input: JsonObject): Result<Item | null> {
  const start = input["ExclusiveStartKey"];
  if (start === undefined) return ok(null);
  return start instanceof InvalidValue
    ? no(validation(`The provided starting key is invalid: ${start.message}`)) : ok(start as Item);
}

/** The index that IndexName names; null: none is named. */
export function indexOf(table: TableSchema, input: JsonObject): Result<NumberedIndex | null> {
  const name = input["IndexName"] as string | undefined;
  if (name === undefined) return ok(null);
  const at = localIndexesOf(table).findIndex((index) => index.name === name);
  if (at === -1) return no(validation(`The table does not have the specified index: ${name}`));
  return ok({ number: at + 1, index: must(localIndexesOf(table)[at]) });
}

/**
 * How the rows of an index are read: the items themselves, where something is asked for that the index does not have.
 * Without Select and projection that is what it has.
 */
export function indexReadOf(
  table: TableSchema, found: NumberedIndex | null, input: JsonObject, filter: ConditionNode | null,
  projection: readonly PathNode[] | null,
): { readonly index?: IndexRead } {
  if (found === null) return NO_INDEX;
  const { number, index } = found;
  const isMissing = (name: string): boolean => !isProjected(table, index, name);
  const fetches = (input["Select"] === "ALL_ATTRIBUTES" && index.projection.kind !== "ALL")
    || (projection?.some(([name]) => isMissing(name)) ?? false)
    || (filter !== null && firstNameIn(filter, isMissing) !== null);
  return { index: { number, fetches } };
}

/** Where an ExclusiveStartKey lies in the index: exactly the key attributes of table and index. Null: it is none. */
export function indexStartKey(
  table: TableSchema, number: number, index: LocalIndex, start: Item,
): ItemAddress | null {
  const names = indexKeyNames(table, index);
  if (Object.keys(start).length !== names.length || getAttribute(start, index.rangeKey.name) === undefined) return null;
  if (!keyOfItem(table, start).ok || indexKeyProblem(table, start) !== null) return null;
  const key = indexKeyOf(table, number, start);
  return { key, point: pointOfKey(key) };
}

export type NumberedIndex = { readonly number: number; readonly index: LocalIndex };
const NO_INDEX: { readonly index?: IndexRead } = {};

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
  hash: string, range: string | null, filter: ConditionNode, parameter: "Filter Expression" | "QueryFilter",
): Failure | null {
  const name = firstNameIn(filter, (attribute) => attribute === hash || attribute === range);
  return name === null ? null : validation(
    `${parameter} can only contain non-primary key attributes: Primary key attribute: ${name}`,
  );
}

/** The first of the attributes that the condition looks at for which `is` holds. */
function firstNameIn(node: ConditionNode, is: (name: string) => boolean): string | null {
  const ofPath = (path: PathNode): string | null => is(path[0]) ? path[0] : null;
  const of = (operand: Operand): string | null => operand.kind === "value" ? null : ofPath(operand.path);
  switch (node.kind) {
    case "and": case "or":
      return firstNameIn(node.left, is) ?? firstNameIn(node.right, is);
    case "not": return firstNameIn(node.operand, is);
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

/** `input` of a Query or Scan whose operation had `page`. */
export function answerPage(call: Call, outcome: PageOutcome, page: PageOptions, input: JsonObject): void {
  const { isCountOnly, isStrong } = page;
  const mode = capacityModeOf(input["ReturnConsumedCapacity"]);
  let tail = `"Count":${outcome.count},"ScannedCount":${outcome.scanned}`;
  if (outcome.lastKey !== null) tail += `,"LastEvaluatedKey":${JSON.stringify(outcome.lastKey)}`;
  if (mode !== null) {
    const table = input["TableName"] as string;
    const units = pageReadUnits(outcome.scannedBytes, isStrong);
    const steps = outcome.fetched?.steps ?? 0;
    const capacity = page.index === undefined ? capacityJson(table, units, mode)
      : capacityJson(table, isStrong ? steps : steps / 2, mode, [{ name: input["IndexName"] as string, units }]);
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

// From a statement to what is to be executed: one write, or pages to read one after the other.
import { must } from "../../../base/assert.ts";
import type { HashPoint, StorageKey } from "../../../base/ids.ts";
import { HASH_POINT_END, hashPoint } from "../../../base/ids.ts";
import { newAttributeMap, setAttribute } from "../../../model/attribute-map.ts";
import type { AttributeValue, Item } from "../../../model/attribute-value.ts";
import type { ConditionNode, PathNode, UpdateNode } from "../../../model/expression/ast.ts";
import { compareValues } from "../../../model/expression/compare-values.ts";
import { addressOf } from "../../../model/key-encoding.ts";
import { keyValuesProblem } from "../../../model/key-schema.ts";
import type { IndexRead, ItemAddress, WriteOperation } from "../../../model/operation.ts";
import type {
  DeleteStatement, InsertStatement, SelectStatement, Statement, UpdateStatement,
} from "../../../model/partiql/ast.ts";
import { parseStatement } from "../../../model/partiql/parser.ts";
import { type KeySchema, type WhereParts, splitWhere } from "../../../model/partiql/split-where.ts";
import type { TableSchema } from "../../../model/table-schema.ts";
import type { Call } from "../call.ts";
import { type Failure, TABLE_NOT_FOUND, resourceNotFound, validation } from "../errors.ts";
import { type Result, no, ok } from "../result.ts";
import { InvalidValue } from "../validate/check-values.ts";
import type { JsonObject } from "../validate/json-object.ts";
import { tableRefOf } from "../validate/names.ts";
import { sizedItem, storedItem } from "./keys.ts";
import { type ReadTarget, indexReadOf, rangeOf, targetOf } from "./read-target.ts";
import { keyUpdateFailure } from "./update-item.ts";

/** Values of the partition key that one statement may ask for: the service's documented limit. */
const HASH_VALUES_MAX = 50;
const KEY_MISSING = "Where clause does not contain a mandatory equality on all key attributes";

/** Keys from <= key < to of one partition key, or the whole table when there is no prefix. */
export type ReadRange = {
  readonly prefix: StorageKey; readonly point: HashPoint; readonly from: StorageKey; readonly to: StorageKey;
};
export type PreparedRead = {
  readonly kind: "read";
  readonly target: ReadTarget;
  /** Of a local index. */
  readonly index: { readonly index?: IndexRead };
  readonly tableText: string;
  /** Null: the whole table. */
  readonly ranges: readonly ReadRange[] | null;
  readonly filter: ConditionNode | null;
  /** Paths as they are written; null: the whole item. */
  readonly projection: readonly PathNode[] | null;
  readonly isForward: boolean;
  /** One item at most: equality on the full key. */
  readonly isSingle: boolean;
};
export type PreparedWrite = {
  readonly kind: "write";
  readonly tableText: string;
  readonly operation: WriteOperation;
  readonly isInsert: boolean;
};
export type Prepared = PreparedRead | PreparedWrite;

/** `request` has Statement and Parameters, checked for their structure. */
export function statementOf(request: JsonObject): Result<Statement> {
  const parameters = (request["Parameters"] as readonly (AttributeValue | InvalidValue)[] | undefined) ?? [];
  for (const value of parameters) if (value instanceof InvalidValue) return no(validation(value.message));
  const parsed = parseStatement(request["Statement"] as string, parameters as readonly AttributeValue[]);
  return parsed.ok ? ok(parsed.statement) : no(validation(parsed.message));
}

export function prepare(statement: Statement, request: JsonObject, call: Call): Result<Prepared> {
  const table = call.context.lookupTable(tableRefOf(statement.table)?.name ?? statement.table);
  if (table === null || table.status === "DELETING" || table.indexOf !== undefined) {
    return no(resourceNotFound(TABLE_NOT_FOUND));
  }
  const returnOld = request["ReturnValuesOnConditionCheckFailure"] === "ALL_OLD";
  switch (statement.kind) {
    case "select": return prepareSelect(statement, table, request, call);
    case "insert": return prepareInsert(statement, table);
    case "update": return prepareUpdate(statement, table, returnOld);
    case "delete": return prepareDelete(statement, table, returnOld);
    default: return statement satisfies never;
  }
}

function prepareSelect(
  statement: SelectStatement, table: TableSchema, request: JsonObject, call: Call,
): Result<PreparedRead> {
  const { where, order, projection } = statement;
  const named = statement.index === null ? {} : { IndexName: statement.index };
  const found = targetOf(table, named, call.context.lookupTable);
  if (!found.ok) return found;
  const target = found.value;
  if (target.global !== null && request["ConsistentRead"] === true) {
    return no(validation("Strongly consistent read is not supported on Global Secondary Indexes"));
  }
  const keys = keysOf(target);
  const parts = splitWhere(keys, where);
  const isWhole = target.hashKeys.length === 1;
  const wrongOrder = orderFailure(statement, keys, parts);
  if (wrongOrder !== null) return no(wrongOrder);
  let ranges: ReadRange[] | null = null;
  if (isWhole && parts.hashValues !== null) {
    const inOrder = rangesOf(target, parts.hashValues, parts);
    if (!inOrder.ok) return inOrder;
    ranges = inOrder.value.map(({ range }) => range);
    const byHash = order.find(({ path }) => path[0] === keys.hashKey.name);
    if (byHash !== undefined) {
      const sign = byHash.isForward ? 1 : -1;
      const sorted = inOrder.value.toSorted((a, b) => sign * (compareValues(a.value, b.value) ?? 0));
      ranges = sorted.map(({ range }) => range);
    }
  }
  const filter = isWhole ? parts.rest : where;
  const index = indexReadOf(target, {}, filter, projection);
  if (!index.ok) return index;
  const isForward = order.find(({ path }) => path[0] === keys.rangeKey?.name)?.isForward ?? true;
  const isSingle = target.local === null && target.global === null && ranges?.length === 1
    && (table.rangeKey === null || parts.sort?.op === "=");
  return ok({
    kind: "read", target, index: index.value, tableText: statement.table, ranges, filter, projection, isForward,
    isSingle,
  });
}

/**
 * What a WHERE may narrow: a partition key of one attribute, and the first attribute of the sort key. The filter sees
 * to the rest.
 */
function keysOf({ hashKeys, rangeKeys }: ReadTarget): KeySchema {
  return { hashKey: must(hashKeys[0]), rangeKey: rangeKeys[0] ?? null };
}

function orderFailure(statement: SelectStatement, keys: KeySchema, parts: WhereParts): Failure | null {
  const { order, where } = statement;
  if (order.length === 0) return null;
  if (where === null) return validation("Must have WHERE clause in the statement when using ORDER BY clause.");
  if (parts.hashValues === null) {
    return validation("Must have at least one non-optional hash key condition in WHERE clause "
      + "when using ORDER BY clause.");
  }
  for (const { path } of order) {
    if (path.length > 1 || (path[0] !== keys.hashKey.name && path[0] !== keys.rangeKey?.name)) {
      return validation(`Variable reference ${path[0]} in ORDER BY clause must be part of the primary key`);
    }
  }
  if (parts.hashValues.length === 1 || order[0]?.path[0] === keys.hashKey.name) return null;
  return validation("ORDER BY over several partition keys must begin with the partition key");
}

type RangeOfValue = { readonly value: AttributeValue; readonly range: ReadRange };

/** In the order of the values; a value that comes again counts once. */
function rangesOf(
  target: ReadTarget, values: readonly AttributeValue[], { sort }: WhereParts,
): Result<readonly RangeOfValue[]> {
  if (values.length > HASH_VALUES_MAX) {
    return no(validation(`A statement may ask for at most ${HASH_VALUES_MAX} partition key values, `
      + `but has ${values.length}`));
  }
  const ranges = new Map<StorageKey, RangeOfValue>();
  for (const value of values) {
    const range = rangeOf(target, { hashValues: [value], equal: [], sort });
    if (!range.ok) return range;
    ranges.set(range.value.prefix, { value, range: range.value });
  }
  return ok([...ranges.values()]);
}

function prepareInsert(statement: InsertStatement, table: TableSchema): Result<PreparedWrite> {
  const sized = sizedItem(statement.item);
  if (!sized.ok) return sized;
  const stored = storedItem(table, sized.value);
  if (!stored.ok) return stored;
  return ok({
    kind: "write", tableText: statement.table, isInsert: true,
    operation: {
      kind: "put", table, ...stored.value,
      condition: { kind: "attribute_not_exists", path: [table.hashKey.name] },
      returnValues: "NONE", returnOldOnFailure: false,
    },
  });
}

type FullKey = { readonly address: ItemAddress; readonly keyItem: Item; readonly rest: ConditionNode | null };

function fullKeyOf(table: TableSchema, where: ConditionNode | null): Result<FullKey> {
  const { hashValues, sort, rest } = splitWhere(table, where);
  const hashValue = hashValues?.length === 1 ? hashValues[0] : undefined;
  const rangeValue = sort?.op === "=" ? sort.value : null;
  if (hashValue === undefined || (rangeValue === null) !== (table.rangeKey === null)) {
    return no(validation(KEY_MISSING));
  }
  const problem = keyValuesProblem(table, hashValue, rangeValue);
  if (problem !== null) return no(validation(problem.message));
  const keyItem = newAttributeMap();
  setAttribute(keyItem, table.hashKey.name, hashValue);
  if (table.rangeKey !== null && rangeValue !== null) setAttribute(keyItem, table.rangeKey.name, rangeValue);
  return ok({ address: addressOf(table, hashValue, rangeValue), keyItem, rest });
}

/** An item that is not there is not made. */
function prepareUpdate(statement: UpdateStatement, table: TableSchema, returnOld: boolean): Result<PreparedWrite> {
  const key = fullKeyOf(table, statement.where);
  if (!key.ok) return key;
  const update: UpdateNode = statement.update;
  const onKey = keyUpdateFailure(table, update);
  if (onKey !== null) return no(onKey);
  const { address, keyItem, rest } = key.value;
  const exists: ConditionNode = { kind: "attribute_exists", path: [table.hashKey.name] };
  return ok({
    kind: "write", tableText: statement.table, isInsert: false,
    operation: {
      kind: "update", table, address, keyItem, update,
      condition: rest === null ? exists : { kind: "and", left: exists, right: rest },
      returnValues: statement.returning, returnOldOnFailure: returnOld,
    },
  });
}

/** An item that is not there is deleted already, whatever else is asked of it. */
function prepareDelete(statement: DeleteStatement, table: TableSchema, returnOld: boolean): Result<PreparedWrite> {
  const key = fullKeyOf(table, statement.where);
  if (!key.ok) return key;
  const { address, rest } = key.value;
  const absent: ConditionNode = { kind: "attribute_not_exists", path: [table.hashKey.name] };
  return ok({
    kind: "write", tableText: statement.table, isInsert: false,
    operation: {
      kind: "delete", table, address, condition: rest === null ? null : { kind: "or", left: absent, right: rest },
      returnValues: statement.returning, returnOldOnFailure: returnOld,
    },
  });
}

/** The hash space, for statements that name no partition key. */
export const WHOLE_TABLE: { readonly fromPoint: HashPoint; readonly toPoint: HashPoint } = {
  fromPoint: hashPoint(0), toPoint: HASH_POINT_END,
};

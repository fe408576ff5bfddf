// Shapes of operations, of the expressions in them, and of their outcomes. Whoever executes an operation relies on
// what its types say and on canonical values, so both are checked here.
import type {
  BatchGetOutcome, BatchWriteOutcome, CheckOperation, CreateTableOperation, DeleteOperation, DeleteTableOperation,
  DescribeTableOperation, GetOperation, GetOutcome, ItemAddress, ItemCounts, ListTablesOperation, Outcome, PageOptions,
  PageOutcome, IndexRead, PutOperation, QueryOperation, Refusal, ReadStreamOperation, ScanOperation,
  StreamPageOutcome, TableListOutcome, TableOperation, TableOutcome, TransactedOutcome,
  UpdateOperation, UpdateTableOperation, WriteOperation, WriteOutcome,
} from "../../model/operation.ts";
import type { ConditionNode, Operand, SetValue, UpdateNode } from "../../model/expression/ast.ts";
import type { IndexWrites } from "../../model/global-index.ts";
import { isStoredIntact } from "../../model/item-codec.ts";
import { ITEMS_INDEX, pointOfKey, scanBounds, spacesOf, STORAGE_KEY_BYTES_MAX } from "../../model/key-encoding.ts";
import {
  ATTRIBUTE_NAME_BYTES_MAX, EXPRESSION_IN_COUNT_MAX, EXPRESSION_OPERATOR_COUNT_MAX, GLOBAL_INDEX_COUNT_MAX,
  ITEM_BYTES_MAX, KIB, LOCAL_INDEX_COUNT_MAX, TABLE_NAME_LENGTH_MAX,
} from "../../model/limits.ts";
import { parseAttributeMap, parseAttributeValue } from "../../model/parse-value.ts";
import { HASH_POINT_END, hashPoint } from "../../base/ids.ts";
import type { TableSchema } from "../../model/table-schema.ts";
import {
  binary, isBytes, isCounter, isFlag, isHashPoint, isPositive, lazily, listOf, nullable, object, oneOf, optional, text,
  union,
  whole, type Shape,
} from "./shape.ts";
import { isTableChange } from "./table-change-shapes.ts";
import { isTable, isTableDefinition, isTableName } from "./table-shapes.ts";

/** A key with the hash in it, see key-encoding.ts. */
const KEY_BYTES_MIN = 23;
/** Bounds of ranges may be one byte longer than the longest key. */
const BOUND_BYTES_MAX = STORAGE_KEY_BYTES_MAX + 1;
const PATH_PARTS_MAX = 1_000;
const REGION_CHARS_MAX = 128;
const REASON_CHARS_MAX = 64 * KIB;
/** Operations that travel together: more than any batch has. */
export const MANY_MAX = 1_000;
const RUNS_MAX = 1_000_000;
const PATHS_MAX = 10_000;

export const isItemKey: Shape = binary(KEY_BYTES_MIN, STORAGE_KEY_BYTES_MAX);
export const isKeyBound: Shape = binary(0, BOUND_BYTES_MAX);
export const isReason: Shape = text(REASON_CHARS_MAX);

/** A valid value, already in canonical form (then parsing gives the value itself). */
const isValue: Shape = (value) => {
  const parsed = parseAttributeValue(value);
  return parsed.ok && parsed.value === value;
};
const isItem: Shape = (value) => {
  const parsed = parseAttributeMap(value);
  return parsed.ok && parsed.value === value;
};

/** A point that keys have: not the end of the hash space. */
const isKeyPoint: Shape = (value) => isHashPoint(value) && value !== HASH_POINT_END;
/** It is put into JSON as it is. */
const isRegion: Shape = (value) => (
  typeof value === "string" && value.length <= REGION_CHARS_MAX && /^[A-Za-z0-9_-]*$/.test(value)
);

const isPath: Shape = (value) => {
  if (!Array.isArray(value) || value.length < 1 || value.length > PATH_PARTS_MAX) return false;
  if (typeof value[0] !== "string") return false;
  for (let i = 0; i < value.length; i++) if (!isPathPart(value[i])) return false;
  return true;
};
const isPathPart: Shape = (part) => (
  typeof part === "string" ? part.length <= ATTRIBUTE_NAME_BYTES_MAX : isCounter(part)
);
const isProjection: Shape = nullable(listOf(isPath, PATHS_MAX));

const isOperand: Shape = union<Operand>({
  path: object<Extract<Operand, { kind: "path" }>>({ kind: oneOf("path"), path: isPath }),
  value: object<Extract<Operand, { kind: "value" }>>({ kind: oneOf("value"), value: isValue }),
  size: object<Extract<Operand, { kind: "size" }>>({ kind: oneOf("size"), path: isPath }),
});

type Condition<K extends ConditionNode["kind"]> = Extract<ConditionNode, { kind: K }>;
const condition: Shape = lazily(() => isCondition);
const isCondition: Shape = union<ConditionNode>({
  compare: object<Condition<"compare">>({
    kind: oneOf("compare"), comparator: oneOf("=", "<>", "<", "<=", ">", ">="), left: isOperand, right: isOperand,
  }),
  between: object<Condition<"between">>({
    kind: oneOf("between"), operand: isOperand, low: isOperand, high: isOperand,
  }),
  in: object<Condition<"in">>({
    kind: oneOf("in"), operand: isOperand, list: listOf(isOperand, EXPRESSION_IN_COUNT_MAX),
  }),
  attribute_exists: object<Condition<"attribute_exists">>({ kind: oneOf("attribute_exists"), path: isPath }),
  attribute_not_exists: object<Condition<"attribute_not_exists">>({
    kind: oneOf("attribute_not_exists"), path: isPath,
  }),
  attribute_type: object<Condition<"attribute_type">>({
    kind: oneOf("attribute_type"), path: isPath,
    type: oneOf("S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M"),
  }),
  begins_with: object<Condition<"begins_with">>({
    kind: oneOf("begins_with"), operand: isOperand, prefix: isOperand,
  }),
  contains: object<Condition<"contains">>({ kind: oneOf("contains"), operand: isOperand, element: isOperand }),
  and: object<Condition<"and">>({ kind: oneOf("and"), left: condition, right: condition }),
  or: object<Condition<"or">>({ kind: oneOf("or"), left: condition, right: condition }),
  not: object<Condition<"not">>({ kind: oneOf("not"), operand: condition }),
});

type Computed<K extends SetValue["kind"]> = Extract<SetValue, { kind: K }>;
const setValue: Shape = lazily(() => isSetValue);
const isSetValue: Shape = union<SetValue>({
  operand: object<Computed<"operand">>({ kind: oneOf("operand"), operand: isOperand }),
  plus: object<Computed<"plus">>({ kind: oneOf("plus"), left: setValue, right: setValue }),
  minus: object<Computed<"minus">>({ kind: oneOf("minus"), left: setValue, right: setValue }),
  if_not_exists: object<Computed<"if_not_exists">>({
    kind: oneOf("if_not_exists"), path: isPath, otherwise: setValue,
  }),
  list_append: object<Computed<"list_append">>({ kind: oneOf("list_append"), left: setValue, right: setValue }),
});

const ACTIONS_MAX = EXPRESSION_OPERATOR_COUNT_MAX * 10;
type Assignment = UpdateNode["set"][number];
const isValueAction: Shape = object<UpdateNode["add"][number]>({ path: isPath, value: isValue });
const isUpdate: Shape = object<UpdateNode>({
  set: listOf(object<Assignment>({ path: isPath, value: isSetValue }), ACTIONS_MAX),
  remove: listOf(isPath, ACTIONS_MAX),
  add: listOf(isValueAction, ACTIONS_MAX),
  delete: listOf(isValueAction, ACTIONS_MAX),
});

// ---- Operations.

export const isAddress: Shape = object<ItemAddress>({ key: isItemKey, point: isHashPoint });

/** The key lies in the table's own space, and where its hash says. */
function isHome(operation: { readonly table: TableSchema; readonly address: ItemAddress }): boolean {
  const { table, address } = operation;
  const { key } = address;
  const space = ((key.charCodeAt(0) << 24) | (key.charCodeAt(1) << 16) | (key.charCodeAt(2) << 8) | key.charCodeAt(3));
  return space >>> 0 === table.id && key.charCodeAt(4) === ITEMS_INDEX && pointOfKey(key) === address.point;
}

export const isGet: Shape = object<GetOperation>({
  kind: oneOf("get"), table: isTable, address: isAddress, isStrong: isFlag, projection: isProjection,
}, isHome);

const write = {
  table: isTable,
  address: isAddress,
  condition: nullable(isCondition),
  returnValues: oneOf("NONE", "ALL_OLD", "UPDATED_OLD", "ALL_NEW", "UPDATED_NEW"),
  returnOldOnFailure: isFlag,
} as const;
const isPut: Shape = object<PutOperation>(
  { kind: oneOf("put"), ...write, itemBytes: isBytes, itemSize: whole(0, ITEM_BYTES_MAX) },
  (put) => isHome(put) && isStoredIntact(put.itemBytes, put.address.key),
);
const isDelete: Shape = object<DeleteOperation>({ kind: oneOf("delete"), ...write }, isHome);
const isUpdateOperation: Shape = object<UpdateOperation>(
  { kind: oneOf("update"), ...write, keyItem: isItem, update: nullable(isUpdate) }, isHome,
);

export const CHECK: Shape = object<CheckOperation>({
  kind: oneOf("check"), table: isTable, address: isAddress, condition: isCondition, returnOldOnFailure: isFlag,
}, isHome);

export const WRITES: { readonly [K in WriteOperation["kind"]]: Shape } = {
  put: isPut, delete: isDelete, update: isUpdateOperation,
};

const isPage: Shape = object<PageOptions>({
  isForward: isFlag,
  limit: nullable(isPositive),
  after: nullable(isKeyBound),
  filter: nullable(isCondition),
  projection: isProjection,
  isCountOnly: isFlag,
  isStrong: isFlag,
  index: optional(object<IndexRead>({ number: whole(1, LOCAL_INDEX_COUNT_MAX), fetches: isFlag })),
});

/** The index is one of the table's. */
function isIndexThere({ table, page }: QueryOperation | ScanOperation): boolean {
  return page.index === undefined || page.index.number < spacesOf(table);
}

export const isQuery: Shape = object<QueryOperation>({
  kind: oneOf("query"), table: isTable, point: isHashPoint, from: isKeyBound, to: isKeyBound, page: isPage,
}, (query) => {
  const { table, page, from, to } = query;
  const space = scanBounds(table.id, hashPoint(0), HASH_POINT_END, page.index?.number);
  return isIndexThere(query) && from >= space.from && to <= space.to;
});
export const isScan: Shape = object<ScanOperation>({
  kind: oneOf("scan"), table: isTable, fromPoint: isHashPoint, toPoint: isHashPoint, page: isPage,
}, isIndexThere);

export const isReadStream: Shape = object<ReadStreamOperation>({
  kind: oneOf("read-stream"), table: isTable, createdMs: isCounter, shard: isPositive, point: isKeyPoint,
  after: isCounter, upTo: nullable(isCounter), limit: nullable(isPositive), region: isRegion,
});
export const isTableOperation: Shape = union<TableOperation>({
  "create-table": object<CreateTableOperation>({ kind: oneOf("create-table"), definition: isTableDefinition }),
  "update-table": object<UpdateTableOperation>({
    kind: oneOf("update-table"), name: isTableName, change: isTableChange,
  }),
  "delete-table": object<DeleteTableOperation>({ kind: oneOf("delete-table"), name: isTableName }),
  "describe-table": object<DescribeTableOperation>({ kind: oneOf("describe-table"), name: isTableName }),
  "list-tables": object<ListTablesOperation>({
    kind: oneOf("list-tables"), after: nullable(text(TABLE_NAME_LENGTH_MAX)), limit: isPositive,
  }),
});

// ---- Outcomes.

const json: Shape = nullable(isBytes);
type Refused<K extends Refusal["kind"]> = Extract<Refusal, { kind: K }>;

const REFUSALS: { readonly [K in Refusal["kind"]]: Shape } = {
  "condition-failed": object<Refused<"condition-failed">>({
    kind: oneOf("condition-failed"), item: json, size: isCounter,
  }),
  invalid: object<Refused<"invalid">>({ kind: oneOf("invalid"), message: isReason }),
  "table-not-found": object<Refused<"table-not-found">>({ kind: oneOf("table-not-found"), name: isReason }),
  "index-not-found": object<Refused<"index-not-found">>({ kind: oneOf("index-not-found"), name: isReason }),
  "table-exists": object<Refused<"table-exists">>({ kind: oneOf("table-exists"), name: isReason }),
  "table-in-use": object<Refused<"table-in-use">>({
    kind: oneOf("table-in-use"), name: isReason, message: isReason,
  }),
  "limit-exceeded": object<Refused<"limit-exceeded">>({ kind: oneOf("limit-exceeded"), message: isReason }),
  "collection-too-large": object<Refused<"collection-too-large">>({ kind: oneOf("collection-too-large") }),
  conflict: object<Refused<"conflict">>({ kind: oneOf("conflict") }),
  cancelled: object<Refused<"cancelled">>({
    kind: oneOf("cancelled"), reasons: listOf(nullable(lazily(() => isRefusal)), MANY_MAX),
  }),
  "token-mismatch": object<Refused<"token-mismatch">>({ kind: oneOf("token-mismatch") }),
  "token-in-progress": object<Refused<"token-in-progress">>({ kind: oneOf("token-in-progress") }),
  "policy-not-found": object<Refused<"policy-not-found">>({ kind: oneOf("policy-not-found"), message: isReason }),
  unavailable: object<Refused<"unavailable">>({ kind: oneOf("unavailable"), reason: isReason }),
  overloaded: object<Refused<"overloaded">>({ kind: oneOf("overloaded"), reason: isReason }),
  "throughput-exceeded": object<Refused<"throughput-exceeded">>({ kind: oneOf("throughput-exceeded") }),
};

const isRefusal: Shape = union<Refusal>(REFUSALS);

export const isGetOutcome: Shape = object<GetOutcome>({ kind: oneOf("item"), json, exists: isFlag, size: isCounter });
const isWriteOutcome: Shape = object<WriteOutcome>({
  kind: oneOf("written"), attributes: json, oldSize: isCounter, newSize: isCounter,
  indexWrites: optional(listOf(listOf(isCounter, 2), LOCAL_INDEX_COUNT_MAX)),
  collectionBytes: optional(isCounter),
  globalWrites: optional(listOf(object<IndexWrites>({
    name: isTableName, sizes: listOf(isCounter, 2),
  }), GLOBAL_INDEX_COUNT_MAX)),
});

export const OUTCOMES: { readonly [K in Outcome["kind"]]: Shape } = {
  item: isGetOutcome,
  written: isWriteOutcome,
  page: object<PageOutcome>({
    kind: oneOf("page"), runs: listOf(isBytes, RUNS_MAX), count: isCounter, scanned: isCounter,
    scannedBytes: isCounter, lastKey: nullable(isItem),
    fetched: optional(object<NonNullable<PageOutcome["fetched"]>>({ bytes: isCounter, steps: isCounter })),
  }),
  "stream-page": object<StreamPageOutcome>({
    kind: oneOf("stream-page"), json: isBytes, count: isCounter, last: isCounter, isMore: isFlag, trimmed: isCounter,
  }),
  items: object<BatchGetOutcome>({
    kind: oneOf("items"), outcomes: listOf(union<GetOutcome | Refusal>({ item: isGetOutcome, ...REFUSALS }), MANY_MAX),
  }),
  "batch-written": object<BatchWriteOutcome>({
    kind: oneOf("batch-written"),
    outcomes: listOf(union<WriteOutcome | Refusal>({ written: isWriteOutcome, ...REFUSALS }), MANY_MAX),
  }),
  transacted: object<TransactedOutcome>({
    kind: oneOf("transacted"), outcomes: listOf(isWriteOutcome, MANY_MAX),
    repeated: nullable(listOf(isGetOutcome, MANY_MAX)),
  }),
  table: object<TableOutcome>({
    kind: oneOf("table"), table: isTable, itemCount: isCounter, sizeBytes: isCounter,
    indexCounts: optional(listOf(object<ItemCounts>({
      itemCount: isCounter, sizeBytes: isCounter,
    }), GLOBAL_INDEX_COUNT_MAX)),
  }),
  tables: object<TableListOutcome>({
    kind: oneOf("tables"), names: listOf(isTableName, MANY_MAX), last: nullable(isTableName),
  }),
  ...REFUSALS,
};

export const isOutcome: Shape = union<Outcome>(OUTCOMES);


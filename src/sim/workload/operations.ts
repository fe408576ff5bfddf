// Between the simulator's commands on items and the database's operations and outcomes. An item is named
// "partition key/sort key"; a register keeps its value in attribute "v", a counter in "n".
import { assert, must } from "../../base/assert.ts";
import { hashPoint, HASH_POINT_END, type StorageKey } from "../../base/ids.ts";
import { utf8Decode } from "../../base/utf8.ts";
import { getAttribute, newAttributeMap, setAttribute } from "../../model/attribute-map.ts";
import type { Item } from "../../model/attribute-value.ts";
import type { ConditionNode } from "../../model/expression/ast.ts";
import { encodeItem } from "../../model/item-codec.ts";
import { itemSize } from "../../model/item-size.ts";
import { addressOf, partitionPrefix, rangeOfSortCondition } from "../../model/key-encoding.ts";
import { indexPartition, rangeOfIndexCondition } from "../../model/local-index-key.ts";
import type {
  DeleteOperation, GetOperation, ItemJson, Outcome, PageOptions, PutOperation, QueryOperation, ReturnValues,
  ScanOperation, UpdateOperation, WriteOperation,
} from "../../model/operation.ts";
import type { GlobalIndexDefinition, TableDefinition, TableSchema } from "../../model/table-schema.ts";
import type { ItemCommand, ItemResult, ItemState } from "../checker/history.ts";

export const TABLE: TableDefinition = {
  name: "sim",
  hashKey: { name: "pk", type: "S" },
  rangeKey: { name: "sk", type: "S" },
  localIndexes: [
    { name: "by-value", rangeKey: { name: "v", type: "S" }, projection: { kind: "ALL", attributes: [] } },
    { name: "by-count", rangeKey: { name: "n", type: "N" }, projection: { kind: "KEYS_ONLY", attributes: [] } },
  ],
  billing: { mode: "PAY_PER_REQUEST", readUnits: 0, writeUnits: 0 },
  deletionProtection: false,
  tableClass: null,
  partitionCount: null,
};

/** Of tables in runs with global indexes. Both are sparse: registers have values, counters have counts. */
export const GLOBAL_INDEXES: readonly GlobalIndexDefinition[] = [
  {
    name: "registers", hashKeys: [{ name: "sk", type: "S" }], rangeKeys: [{ name: "v", type: "S" }],
    projection: { kind: "ALL", attributes: [] }, billing: TABLE.billing,
  },
  {
    name: "counters", hashKeys: [{ name: "n", type: "N" }, { name: "pk", type: "S" }], rangeKeys: [],
    projection: { kind: "KEYS_ONLY", attributes: [] }, billing: TABLE.billing,
  },
];

/** One that is added to tables and taken away again. */
export const LATE_INDEX: GlobalIndexDefinition = {
  name: "late", hashKeys: [{ name: "v", type: "S" }], rangeKeys: [],
  projection: { kind: "INCLUDE", attributes: ["fill"] }, billing: TABLE.billing,
};

export function keysOf(item: string): { readonly pk: string; readonly sk: string } {
  const slash = item.indexOf("/");
  assert(slash > 0, "an item's name has two parts");
  return { pk: item.slice(0, slash), sk: item.slice(slash + 1) };
}

/** How a write is asked for: with the old image in the answer; how large the item is made, and how long it lasts. */
export type WriteStyle = {
  readonly wantsOld: boolean;
  readonly fillBytes: number;
  /** When the item's time is over, in seconds. Absent: never. */
  readonly endsAt?: number;
};

/** Of items that do not last. */
export const TIME_ATTRIBUTE = "ends";

export function getOperation(table: TableSchema, item: string, isStrong: boolean): GetOperation {
  return { kind: "get", table, address: itemAddress(table, item), isStrong, projection: null };
}

export function writeOperation(
  table: TableSchema, item: string, command: ItemCommand, style: WriteStyle,
): WriteOperation {
  const returnValues: ReturnValues = style.wantsOld ? "ALL_OLD" : "NONE";
  const common = { table, address: itemAddress(table, item), returnOldOnFailure: style.wantsOld } as const;
  switch (command.kind) {
    case "get":
      throw new Error("a get is no write");
    case "put":
    case "create":
    case "swap": {
      const stored = fullItem(item, command.value, style);
      const size = itemSize(stored);
      const operation: PutOperation = {
        ...common, kind: "put", condition: conditionOf(command), returnValues,
        itemBytes: encodeItem(stored, size, common.address.key), itemSize: size,
      };
      return operation;
    }
    case "delete":
    case "delete-if": {
      const operation: DeleteOperation = { ...common, kind: "delete", condition: conditionOf(command), returnValues };
      return operation;
    }
    case "add": {
      const operation: UpdateOperation = {
        ...common, kind: "update", condition: null, returnValues: "UPDATED_NEW", keyItem: keyItem(item),
        update: { set: [], remove: [], add: [{ path: ["n"], value: { N: String(command.by) } }], delete: [] },
      };
      return operation;
    }
  }
}

/** All items of a partition key. */
export function queryOperation(table: TableSchema, pk: string, page: PageOptions): QueryOperation {
  const { prefix, point } = partitionPrefix(table, { S: pk });
  const { from, to } = rangeOfSortCondition(prefix, "S", null);
  return { kind: "query", table, point, from, to, page };
}

/** All items of a partition key that have a value, or, read one by one, all that have a count: by an index. */
export function indexQueryOperation(
  table: TableSchema, pk: string, ofCounters: boolean, page: PageOptions,
): QueryOperation {
  const index = ofCounters ? { number: 2, fetches: true } : { number: 1, fetches: false };
  const { prefix, point } = indexPartition(table, index.number, { S: pk });
  const { from, to } = rangeOfIndexCondition(prefix, ofCounters ? "N" : "S", null);
  return { kind: "query", table, point, from, to, page: { ...page, index } };
}

export function scanOperation(table: TableSchema, page: PageOptions): ScanOperation {
  return { kind: "scan", table, fromPoint: hashPoint(0), toPoint: HASH_POINT_END, page };
}

/** Where the item with these key attributes stands. */
export function addressOfItem(table: TableSchema, key: Item): StorageKey {
  const pk = must(getAttribute(key, "pk"), "a key has its partition key");
  const sk = must(getAttribute(key, "sk"), "a key has its sort key");
  return addressOf(table, pk, sk).key;
}

/** Null: an outcome that this command cannot have, whatever happens around it. */
export function resultOf(command: ItemCommand, outcome: Outcome, wantsOld: boolean): ItemResult | null {
  switch (outcome.kind) {
    case "unavailable":
    case "overloaded":
    case "throughput-exceeded":
      return { kind: "unknown" };
    case "item":
      return command.kind === "get" ? { kind: "read", value: stateOf(outcome.json) } : null;
    case "written":
      if (command.kind === "get") return null;
      if (command.kind !== "add") return { kind: "done", old: wantsOld ? stateOf(outcome.attributes) : undefined };
      return { kind: "sum", value: must(stateOf(outcome.attributes), "UPDATED_NEW has the counter") };
    case "condition-failed":
      if (command.kind !== "create" && command.kind !== "swap" && command.kind !== "delete-if") return null;
      return { kind: "failed", old: wantsOld ? stateOf(outcome.item) : undefined };
    default:
      return null;
  }
}

/** The item's name and state from its JSON. */
/** The items of one run of a page. */
export function itemsOf(run: ItemJson): readonly { readonly item: string; readonly state: ItemState }[] {
  return (JSON.parse(`[${must(utf8Decode(run), "a page is UTF-8")}]`) as Parsed[]).map((parsed) => ({
    item: `${parsed.pk?.S ?? "?"}/${parsed.sk?.S ?? "?"}`, state: parsed.v?.S ?? parsed.n?.N ?? null,
  }));
}

export function stateOf(json: ItemJson | null): ItemState {
  if (json === null) return null;
  const parsed = parse(json);
  return parsed.v?.S ?? parsed.n?.N ?? null;
}

type Parsed = {
  readonly pk?: { readonly S: string };
  readonly sk?: { readonly S: string };
  readonly v?: { readonly S: string };
  readonly n?: { readonly N: string };
};

function parse(json: ItemJson): Parsed {
  return JSON.parse(must(utf8Decode(json), "items are UTF-8")) as Parsed;
}

function itemAddress(table: TableSchema, item: string): GetOperation["address"] {
  const { pk, sk } = keysOf(item);
  return addressOf(table, { S: pk }, { S: sk });
}

function keyItem(item: string): Item {
  const { pk, sk } = keysOf(item);
  const map = newAttributeMap();
  setAttribute(map, "pk", { S: pk });
  setAttribute(map, "sk", { S: sk });
  return map;
}

function fullItem(item: string, value: string, { fillBytes, endsAt }: WriteStyle): Item {
  const map = newAttributeMap();
  const { pk, sk } = keysOf(item);
  setAttribute(map, "pk", { S: pk });
  setAttribute(map, "sk", { S: sk });
  setAttribute(map, "v", { S: value });
  if (endsAt !== undefined) setAttribute(map, TIME_ATTRIBUTE, { N: String(endsAt) });
  if (fillBytes > 0) setAttribute(map, "fill", { S: "x".repeat(fillBytes) });
  return map;
}

function conditionOf(command: ItemCommand): ConditionNode | null {
  switch (command.kind) {
    case "create":
      return { kind: "attribute_not_exists", path: ["pk"] };
    case "swap":
    case "delete-if":
      return {
        kind: "compare", comparator: "=",
        left: { kind: "path", path: ["v"] }, right: { kind: "value", value: { S: command.expected } },
      };
    default:
      return null;
  }
}

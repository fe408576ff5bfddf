// Shapes of what the catalogue holds: tables, partitions, nodes.
import { HASH_POINT_END } from "../../base/ids.ts";
import { LEDGER_NAME } from "../../model/ledger.ts";
import {
  ATTRIBUTE_NAME_BYTES_MAX, GLOBAL_INDEX_COUNT_MAX, INDEX_KEY_ATTRIBUTES_MAX, INDEX_PROJECTED_COUNT_MAX,
  KEY_ATTRIBUTE_NAME_LENGTH_MAX, LOCAL_INDEX_COUNT_MAX, TABLE_NAME_LENGTH_MAX, TABLE_NAME_LENGTH_MIN,
} from "../../model/limits.ts";
import type {
  Billing, GlobalIndex, GlobalIndexDefinition, IndexedTable, KeyAttribute, LocalIndex, NodeRecord, Partition,
  Projection, TableDefinition, TableSchema,
} from "../../model/table-schema.ts";
import {
  isCounter, isFiniteNumber, isFlag, isHashPoint, isNodeId, isPositive, listOf, nullable, object, oneOf, optional,
  text, whole, type Shape,
} from "./shape.ts";
import {
  areTags, isEncryption, isInsights, isPolicy, isTableClass, isThroughput, isThroughputCap, isTimeToLive,
} from "./settings-shapes.ts";
import { isStream, isStreamView } from "./stream-shapes.ts";
import { OLD_STREAMS_MAX } from "../../model/table-stream.ts";

/** Partitions of one table: what a catalogue of them still fits a frame with. */
const PARTITIONS_MAX = 65_536;
const HOSTS_MAX = 9;
const UUID_CHARS_MAX = 64;
export const ZONE_CHARS_MAX = 64;
export const ADDRESS_CHARS_MAX = 300;

const TABLE_NAME = /^[A-Za-z0-9_.-]+$/;
const nodes: Shape = listOf(isNodeId, HOSTS_MAX);

export const isTableName: Shape = (value) => (
  typeof value === "string" && value.length >= TABLE_NAME_LENGTH_MIN && value.length <= TABLE_NAME_LENGTH_MAX
  && TABLE_NAME.test(value)
);

/** Two names of tables with a separator between them. */
const HIDDEN_NAME_LENGTH_MAX = 2 * TABLE_NAME_LENGTH_MAX + 7;
const HIDDEN_NAME = /^[A-Za-z0-9_.-]+\/index\/[A-Za-z0-9_.-]+$/;

/** The name of a user's table, or one of a hidden table. */
const isAnyTableName: Shape = (value) => isTableName(value)
  || value === LEDGER_NAME
  || (typeof value === "string" && value.length <= HIDDEN_NAME_LENGTH_MAX && HIDDEN_NAME.test(value));

export const isPartition: Shape = object<Partition>({
  group: isPositive,
  from: isHashPoint,
  to: isHashPoint,
  replicas: listOf(isNodeId, HOSTS_MAX, 1),
  logReplicas: optional(nodes),
  joining: optional(nodes),
  leaving: optional(nodes),
  epoch: optional(isCounter),
  first: optional(nodes),
  parent: optional(isPositive),
  since: optional(isCounter),
  splitting: optional(object<NonNullable<Partition["splitting"]>>({
    at: nullable(isHashPoint), left: isPositive, right: isPositive,
  })),
}, ({ from, to }) => from < to);

const isKeyAttribute: Shape = object<KeyAttribute>({
  name: text(KEY_ATTRIBUTE_NAME_LENGTH_MAX), type: oneOf("S", "N", "B"),
});

const isProjection: Shape = object<Projection>({
  kind: oneOf("ALL", "KEYS_ONLY", "INCLUDE"),
  attributes: listOf(text(ATTRIBUTE_NAME_BYTES_MAX), INDEX_PROJECTED_COUNT_MAX),
});
const localIndexes: Shape = optional(listOf(object<LocalIndex>({
  name: isTableName, rangeKey: isKeyAttribute, projection: isProjection,
}), LOCAL_INDEX_COUNT_MAX, 1));

/** The keys of index rows hold a sort key of the table. */
function canHaveIndexes(table: Pick<TableSchema, "rangeKey" | "localIndexes">): boolean {
  return table.localIndexes === undefined || table.rangeKey !== null;
}

export const isBilling: Shape = object<Billing>({
  mode: oneOf("PROVISIONED", "PAY_PER_REQUEST"), readUnits: isCounter, writeUnits: isCounter,
  onDemandMs: optional(isCounter), increasedMs: optional(isCounter), decreasedMs: optional(isCounter),
  decreases: optional(isCounter),
});

const status: Shape = oneOf("CREATING", "ACTIVE", "UPDATING", "DELETING");

const indexDefinition = {
  name: isTableName,
  hashKeys: listOf(isKeyAttribute, INDEX_KEY_ATTRIBUTES_MAX, 1),
  rangeKeys: listOf(isKeyAttribute, INDEX_KEY_ATTRIBUTES_MAX),
  projection: isProjection,
  billing: isBilling,
  onDemandCap: optional(isThroughputCap),
  warm: optional(isThroughput),
} as const;
export const isGlobalIndexDefinition: Shape = object<GlobalIndexDefinition>(indexDefinition);
const isGlobalIndex: Shape = object<GlobalIndex>({
  ...indexDefinition, status, isBackfilling: optional(oneOf(true)), table: whole(0, 0xffff_ffff),
  insights: optional(isInsights),
});
/** Key attributes of an index and of its table. */
const KEY_NAMES_MAX = 2 * INDEX_KEY_ATTRIBUTES_MAX + 2;
const isIndexedTable: Shape = object<IndexedTable>({
  table: whole(0, 0xffff_ffff), name: isTableName,
  keyNames: listOf(text(KEY_ATTRIBUTE_NAME_LENGTH_MAX), KEY_NAMES_MAX, 1),
});

/** What a table and the wish for one have in common. */
const settings = {
  tableClass: nullable(isTableClass),
  tags: optional(areTags),
  onDemandCap: optional(isThroughputCap),
  warm: optional(isThroughput),
  encryption: optional(isEncryption),
  policy: optional(isPolicy),
} as const;

const isWholeTable: Shape = object<TableSchema>({
  id: whole(0, 0xffff_ffff),
  name: isAnyTableName,
  hashKey: isKeyAttribute,
  rangeKey: nullable(isKeyAttribute),
  localIndexes,
  globalIndexes: optional(listOf(isGlobalIndex, GLOBAL_INDEX_COUNT_MAX, 1)),
  indexOf: optional(isIndexedTable),
  insights: optional(isInsights),
  status,
  version: isCounter,
  createdMs: isFiniteNumber,
  uuid: text(UUID_CHARS_MAX),
  billing: isBilling,
  deletionProtection: isFlag,
  ...settings,
  tableClassMs: optional(isCounter),
  timeToLive: optional(isTimeToLive),
  stream: optional(isStream),
  oldStreams: optional(listOf(isStream, OLD_STREAMS_MAX)),
  partitions: listOf(isPartition, PARTITIONS_MAX, 1),
  closed: optional(listOf(isPartition, PARTITIONS_MAX)),
}, (table) => coversHashSpace(table.partitions) && canHaveIndexes(table)
  && (table.indexOf === undefined) === (isTableName(table.name) || table.name === LEDGER_NAME));

/** Tables that were found good: one that many requests refer to is looked at once. */
const good: WeakSet<object> = new WeakSet();

export const isTable: Shape = (value) => {
  if (typeof value !== "object" || value === null) return false;
  if (good.has(value)) return true;
  if (!isWholeTable(value)) return false;
  good.add(value);
  return true;
};

export const isTableDefinition: Shape = object<TableDefinition>({
  name: (value) => isTableName(value) || value === LEDGER_NAME,
  hashKey: isKeyAttribute,
  rangeKey: nullable(isKeyAttribute),
  localIndexes,
  globalIndexes: optional(listOf(isGlobalIndexDefinition, GLOBAL_INDEX_COUNT_MAX, 1)),
  billing: isBilling,
  deletionProtection: isFlag,
  ...settings,
  streamView: optional(isStreamView),
  timeToLive: optional(isTimeToLive),
  partitionCount: nullable(whole(1, PARTITIONS_MAX)),
}, canHaveIndexes);

export const isNodeRecord: Shape = object<NodeRecord>({
  id: isNodeId,
  uuid: text(UUID_CHARS_MAX),
  zone: text(ZONE_CHARS_MAX),
  address: text(ADDRESS_CHARS_MAX),
  capacity: isCounter,
  state: oneOf("active", "draining", "removed"),
  version: isCounter,
});

/** Whoever looks a point up relies on it. */
function coversHashSpace(partitions: readonly Partition[]): boolean {
  let from = 0;
  for (const partition of partitions) {
    if (partition.from !== from) return false;
    from = partition.to;
  }
  return from === HASH_POINT_END;
}

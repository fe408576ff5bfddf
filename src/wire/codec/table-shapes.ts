// Shapes of what the catalogue holds: tables, partitions, nodes.
import { HASH_POINT_END } from "../../base/ids.ts";
import {
  ATTRIBUTE_NAME_BYTES_MAX, INDEX_PROJECTED_COUNT_MAX, KEY_ATTRIBUTE_NAME_LENGTH_MAX, LOCAL_INDEX_COUNT_MAX,
  TABLE_NAME_LENGTH_MAX, TABLE_NAME_LENGTH_MIN,
} from "../../model/limits.ts";
import type {
  Billing, KeyAttribute, LocalIndex, NodeRecord, Partition, Projection, TableDefinition, TableSchema,
} from "../../model/table-schema.ts";
import {
  isCounter, isFiniteNumber, isFlag, isHashPoint, isNodeId, isPositive, listOf, nullable, object, oneOf, optional,
  text, whole, type Shape,
} from "./shape.ts";
import {
  areTags, isEncryption, isTableClass, isThroughput, isThroughputCap, isTimeToLive,
} from "./settings-shapes.ts";

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

const isBilling: Shape = object<Billing>({
  mode: oneOf("PROVISIONED", "PAY_PER_REQUEST"), readUnits: isCounter, writeUnits: isCounter,
  onDemandMs: optional(isCounter), increasedMs: optional(isCounter), decreasedMs: optional(isCounter),
  decreases: optional(isCounter),
});

/** What a table and the wish for one have in common. */
const settings = {
  tableClass: nullable(isTableClass),
  tags: optional(areTags),
  onDemandCap: optional(isThroughputCap),
  warm: optional(isThroughput),
  encryption: optional(isEncryption),
} as const;

const isWholeTable: Shape = object<TableSchema>({
  id: whole(0, 0xffff_ffff),
  name: isTableName,
  hashKey: isKeyAttribute,
  rangeKey: nullable(isKeyAttribute),
  localIndexes,
  status: oneOf("CREATING", "ACTIVE", "UPDATING", "DELETING"),
  version: isCounter,
  createdMs: isFiniteNumber,
  uuid: text(UUID_CHARS_MAX),
  billing: isBilling,
  deletionProtection: isFlag,
  ...settings,
  tableClassMs: optional(isCounter),
  timeToLive: optional(isTimeToLive),
  partitions: listOf(isPartition, PARTITIONS_MAX, 1),
  closed: optional(listOf(isPartition, PARTITIONS_MAX)),
}, (table) => coversHashSpace(table.partitions) && canHaveIndexes(table));

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
  name: isTableName,
  hashKey: isKeyAttribute,
  rangeKey: nullable(isKeyAttribute),
  localIndexes,
  billing: isBilling,
  deletionProtection: isFlag,
  ...settings,
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

// Shapes of the catalogue's rows. A row comes from a disk or from a log that another version may have written: it is
// checked once, when it is read, and trusted behind it.
import { HASH_POINT_END } from "../../base/ids.ts";
import {
  ATTRIBUTE_NAME_BYTES_MAX, GLOBAL_INDEX_COUNT_MAX, INDEX_KEY_ATTRIBUTES_MAX, LOCAL_INDEX_COUNT_MAX,
} from "../../model/limits.ts";
import type { NodeRecord, Partition, TableSchema } from "../../model/table-schema.ts";
import { OLD_STREAMS_MAX } from "../../model/table-stream.ts";
import {
  areTags, isEncryption, isInsights, isPolicy, isTableClass, isThroughput, isThroughputCap, isTimeToLive,
} from "../../wire/codec/settings-shapes.ts";
import { isCounter, listOf } from "../../wire/codec/shape.ts";
import { isStream } from "../../wire/codec/stream-shapes.ts";

/** Ids given out so far; an id is never given twice. */
export type Counters = { readonly nextTable: number; readonly nextGroup: number; readonly nextNode: number };

/** Node ids above it belong to routers. */
export const NODE_ID_MAX = 32_767;
/** Longest zone name and network address: what fits in a screen's line, and a DNS name with its port. */
export const ZONE_CHARS_MAX = 64;
export const ADDRESS_CHARS_MAX = 262;
export const UUID_CHARS_MAX = 64;
/** A table's name, "/index/", and an index's name: tables that hold the rows of global indexes. */
const TABLE_NAME_CHARS_MAX = 2 * 255 + 7;
/** Replicas that one node may be asked to take at most. */
export const CAPACITY_MAX = 100_000;

type Fields = Readonly<Record<string, unknown>>;

/** The row's value, or null when it is no JSON object. */
export function parseRow(json: string): Fields | null {
  try {
    const value: unknown = JSON.parse(json);
    return isFields(value) ? value : null;
  } catch {
    return null;
  }
}

/** Rows from before nodes were counted have no `nextNode`. */
export function countersOf(row: Fields): Counters | null {
  const { nextTable, nextGroup, nextNode = 1 } = row;
  return isWhole(nextTable, 1) && isWhole(nextGroup, 1) && isWhole(nextNode, 1, NODE_ID_MAX + 1)
    ? { nextTable, nextGroup, nextNode } : null;
}

export function isNodeRecord(row: Fields): row is Fields & NodeRecord {
  return isNode(row["id"]) && isText(row["uuid"], UUID_CHARS_MAX) && isText(row["zone"], ZONE_CHARS_MAX)
    && isText(row["address"], ADDRESS_CHARS_MAX) && isWhole(row["capacity"], 0, CAPACITY_MAX)
    && (row["state"] === "active" || row["state"] === "draining" || row["state"] === "removed")
    && isWhole(row["version"], 1);
}

export function isTable(row: Fields): row is Fields & TableSchema {
  const { partitions, closed, billing, localIndexes } = row;
  return isWhole(row["id"], 1, 0xffff_ffff) && isText(row["name"], TABLE_NAME_CHARS_MAX) && isKey(row["hashKey"])
    && (row["rangeKey"] === null || isKey(row["rangeKey"]))
    && (localIndexes === undefined || (row["rangeKey"] !== null && areIndexes(localIndexes)))
    && areGlobalIndexes(row["globalIndexes"]) && isIndexedTable(row["indexOf"]) && isStatus(row["status"])
    && isWhole(row["version"], 1) && isWhole(row["createdMs"], 0) && isText(row["uuid"], UUID_CHARS_MAX)
    && isFields(billing) && (billing["mode"] === "PROVISIONED" || billing["mode"] === "PAY_PER_REQUEST")
    && typeof row["deletionProtection"] === "boolean" && areSettings(row)
    && Array.isArray(partitions) && partitions.every(isPartition) && isCover(partitions)
    && (closed === undefined || (Array.isArray(closed) && closed.every(isPartition)));
}

/** Rows from before a setting was there do not have it. */
const SETTINGS: Readonly<Record<string, (value: unknown) => boolean>> = {
  tags: areTags, onDemandCap: isThroughputCap, warm: isThroughput, encryption: isEncryption, timeToLive: isTimeToLive,
  tableClassMs: isCounter, stream: isStream, oldStreams: listOf(isStream, OLD_STREAMS_MAX),
  policy: isPolicy, insights: isInsights,
};

function areSettings(row: Fields): boolean {
  if (row["tableClass"] !== null && !isTableClass(row["tableClass"])) return false;
  return Object.entries(SETTINGS).every(([name, isOne]) => row[name] === undefined || isOne(row[name]));
}

export function isPartition(value: unknown): value is Partition {
  if (!isFields(value)) return false;
  const { splitting, epoch, parent, from, to } = value;
  return isWhole(value["group"], 1) && isWhole(from, 0, HASH_POINT_END) && isWhole(to, 1, HASH_POINT_END) && from < to
    && isNodes(value["replicas"]) && value["replicas"].length > 0
    && ["logReplicas", "joining", "leaving", "first"].every((list) => value[list] === undefined || isNodes(value[list]))
    && (epoch === undefined || isWhole(epoch, 1)) && (parent === undefined || isWhole(parent, 1))
    && (value["since"] === undefined || isWhole(value["since"], 0))
    && (splitting === undefined || isSplitting(splitting));
}

/** Ascending, from 0 to the end, without gap or overlap. */
export function isCover(partitions: readonly Partition[], from = 0, to: number = HASH_POINT_END): boolean {
  let at = from;
  for (const partition of partitions) {
    if (partition.from !== at) return false;
    at = partition.to;
  }
  return at === to;
}

function isSplitting(value: unknown): boolean {
  return isFields(value) && isWhole(value["left"], 1) && isWhole(value["right"], 1)
    && (value["at"] === null || isWhole(value["at"], 1, HASH_POINT_END - 1));
}

function isKey(value: unknown): boolean {
  return isFields(value) && isText(value["name"], 255) && ["S", "N", "B"].includes(value["type"] as string);
}

function areIndexes(value: unknown): boolean {
  return Array.isArray(value) && value.length >= 1 && value.length <= LOCAL_INDEX_COUNT_MAX
    && value.every((index) => isFields(index) && isText(index["name"], 255) && isKey(index["rangeKey"])
      && isProjection(index["projection"]));
}

function areGlobalIndexes(value: unknown): boolean {
  if (value === undefined) return true;
  return Array.isArray(value) && value.length >= 1 && value.length <= GLOBAL_INDEX_COUNT_MAX
    && value.every((index) => isFields(index) && isText(index["name"], 255) && areKeys(index["hashKeys"], 1)
      && areKeys(index["rangeKeys"], 0) && isProjection(index["projection"]) && isFields(index["billing"])
      && isStatus(index["status"]) && (index["isBackfilling"] === undefined || index["isBackfilling"] === true)
      && isWhole(index["table"], 1, 0xffff_ffff) && areSettings({ tableClass: null, ...index }));
}

function areKeys(value: unknown, countMin: number): boolean {
  return Array.isArray(value) && value.length >= countMin && value.length <= INDEX_KEY_ATTRIBUTES_MAX
    && value.every(isKey);
}

function isIndexedTable(value: unknown): boolean {
  if (value === undefined) return true;
  if (!isFields(value)) return false;
  const { table, name, keyNames } = value;
  return isWhole(table, 1, 0xffff_ffff) && isText(name, 255) && Array.isArray(keyNames)
    && keyNames.every((key) => isText(key, 255));
}

function isStatus(value: unknown): boolean {
  return ["CREATING", "ACTIVE", "UPDATING", "DELETING"].includes(value as string);
}

function isProjection(value: unknown): boolean {
  if (!isFields(value) || !["ALL", "KEYS_ONLY", "INCLUDE"].includes(value["kind"] as string)) return false;
  const { attributes } = value;
  return Array.isArray(attributes) && attributes.every((name) => isText(name, ATTRIBUTE_NAME_BYTES_MAX));
}

function isNodes(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every(isNode) && new Set(value).size === value.length;
}

function isNode(value: unknown): value is number {
  return isWhole(value, 1, NODE_ID_MAX);
}

function isWhole(value: unknown, min: number, max: number = Number.MAX_SAFE_INTEGER): value is number {
  return Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;
}

function isText(value: unknown, charsMax: number): value is string {
  return typeof value === "string" && value.length <= charsMax;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

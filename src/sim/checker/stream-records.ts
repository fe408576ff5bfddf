// The records of streams are exactly what happened to the items, once everything has come to rest: of each item, every
// record begins with the image that the one before ended with, the last one ends with the item as it is, and each lies
// in the shard of the group that wrote it, within the bounds that the catalogue tells of the shard.
import { must } from "../../base/assert.ts";
import { utf8Decode } from "../../base/utf8.ts";
import type { AttributeMap } from "../../model/attribute-value.ts";
import { equalValues } from "../../model/expression/compare-values.ts";
import { decodeStored } from "../../model/item-codec.ts";
import { keyItemOf, scanBounds, SPACES, type Space } from "../../model/key-encoding.ts";
import { decodeMark, placeOfRow, recordJsonInto, recordJsonLength } from "../../model/stream-record.ts";
import type { TableSchema } from "../../model/table-schema.ts";
import { isRecording, sequenceOf, streamsOf, type StreamShard, type TableStream } from "../../model/table-stream.ts";
import type { ShardRead } from "../workload/stream-reader.ts";
import type { TreeOf } from "./global-index-rows.ts";

type Data = {
  readonly Keys: AttributeMap;
  readonly NewImage?: AttributeMap;
  readonly OldImage?: AttributeMap;
  readonly SequenceNumber: string;
};
type Record = { readonly eventName: string; readonly dynamodb: Data };
type Row = { readonly group: number; readonly createdMs: number; readonly timestamp: number; readonly record: Record };

/** `trimmed`: records up to this one may be missing. */
type Rows = { readonly rows: readonly Row[]; readonly trimmed: number };

/**
 * What is wrong with the streams of `table`, in words; null: nothing, or a replica that is needed is damaged.
 * `keepsAll`: no record is ever too old; else any may be missing, and may go after its shard is forgotten.
 */
export function streamFault(table: TableSchema, treeOf: TreeOf, keepsAll: boolean): string | null {
  const found = rowsOf(table, treeOf);
  const items = found === null ? null : itemsOf(table, treeOf);
  if (found === null || items === null) return null;
  const { rows } = found;
  const trimmed = keepsAll ? found.trimmed : Infinity;
  if (keepsAll && trimmed > 0) return `records up to ${trimmed} were trimmed`;
  const streams = streamsOf(table);
  if (trimmed === 0) {
    const lost = rows.find(({ createdMs }) => !streams.some((stream) => stream.createdMs === createdMs));
    if (lost !== undefined) return `a record of no stream: ${JSON.stringify(lost)}`;
  }
  for (const stream of streams) {
    const own = rows.filter(({ createdMs }) => createdMs === stream.createdMs);
    const fault = shardsFault(table, stream, trimmed > 0) ?? boundsFault(stream, own, trimmed > 0)
      ?? chainFault(stream, own, items, trimmed);
    if (fault !== null) return `stream of ${stream.createdMs}: ${fault}`;
  }
  return null;
}

/** Every partition has its shard while the stream is on, and each shard begins where its parent ended. */
function shardsFault(table: TableSchema, stream: TableStream, isTrimmed: boolean): string | null {
  const open = stream.shards.filter(({ closed }) => closed === undefined).map(({ group }) => group).sort(ascending);
  const due = isRecording(stream) ? table.partitions.map(({ group }) => group).sort(ascending) : [];
  if (JSON.stringify(open) !== JSON.stringify(due)) return `open shards ${open.join()} where ${due.join()} are due`;
  for (const { group, parent, after } of stream.shards) {
    if (parent === undefined) continue;
    const before = stream.shards.find((shard) => shard.group === parent);
    if (before === undefined && !isTrimmed) return `shard ${group} has no parent ${parent}`;
    if (before !== undefined && before.closed?.last !== after) return `shard ${group} begins not where ${parent} ends`;
  }
  return null;
}

function ascending(a: number, b: number): number {
  return a - b;
}

function boundsFault({ shards }: TableStream, rows: readonly Row[], isTrimmed: boolean): string | null {
  const byGroup = new Map<number, StreamShard>(shards.map((shard) => [shard.group, shard]));
  for (const { group, timestamp, record } of rows) {
    const shard = byGroup.get(group);
    if (shard === undefined) {
      if (isTrimmed) continue;
      return `a record of no shard: group ${group}`;
    }
    if (timestamp <= shard.after) return `a record of group ${group} from before its shard: ${timestamp}`;
    if (shard.closed !== undefined && timestamp > shard.closed.last) return `a record of group ${group} behind its end`;
    if (record.dynamodb.SequenceNumber !== sequenceOf(timestamp)) return `a record with another sequence number`;
  }
  return null;
}

function chainFault(
  stream: TableStream, rows: readonly Row[], items: ReadonlyMap<string, AttributeMap>, trimmed: number,
): string | null {
  const last = new Map<string, Row>();
  for (const row of [...rows].sort((a, b) => a.timestamp - b.timestamp)) {
    const { Keys, NewImage, OldImage } = row.record.dynamodb;
    const item = nameOf(Keys);
    const before = last.get(item);
    last.set(item, row);
    const name = OldImage === undefined ? "INSERT" : NewImage === undefined ? "REMOVE" : "MODIFY";
    if (row.record.eventName !== name) return `a ${row.record.eventName} with the images of a ${name} of ${item}`;
    if (isSame(NewImage, OldImage)) return `a record of no change of ${item}: ${JSON.stringify(row)}`;
    if (before === undefined || before.timestamp <= trimmed) continue;
    if (!isSame(before.record.dynamodb.NewImage, OldImage)) {
      return `changes of ${item} without records between ${JSON.stringify(before)} and ${JSON.stringify(row)}`;
    }
  }
  if (!isRecording(stream)) return null;
  for (const [item, { record, timestamp }] of last) {
    if (timestamp <= trimmed) continue;
    const now = items.get(item);
    if (!isSame(record.dynamodb.NewImage, now)) {
      return `${item} is ${JSON.stringify(now)}, its last record is ${JSON.stringify(record)}`;
    }
  }
  return null;
}

/**
 * Where all is kept. What a reader was given of each shard is what lies in it, from the first record on; all of it if
 * it came to the end.
 */
export function readerFault(
  table: TableSchema, treeOf: TreeOf, createdMs: number, reads: ReadonlyMap<number, ShardRead>,
): string | null {
  const found = rowsOf(table, treeOf);
  if (found === null) return null;
  const lying = new Map<number, string[]>();
  for (const row of found.rows) {
    if (row.createdMs !== createdMs) continue;
    const sequences = lying.get(row.group) ?? [];
    lying.set(row.group, sequences);
    sequences.push(row.record.dynamodb.SequenceNumber);
  }
  for (const [group, { sequences, isDone }] of reads) {
    const due = lying.get(group) ?? [];
    const first = sequences.findIndex((sequence, i) => sequence !== due[i]);
    if (first !== -1) return `shard ${group}: ${sequences[first]} was read where ${due[first] ?? "nothing"} lies`;
    if (isDone && sequences.length < due.length) return `shard ${group} ended before ${due[sequences.length]}`;
  }
  return null;
}

/** Of a stream that was there as long as its table, and keeps all: each item has a record. Null: nothing is wrong. */
export function unrecordedFault(table: TableSchema, treeOf: TreeOf): string | null {
  const found = rowsOf(table, treeOf);
  const items = found === null ? null : itemsOf(table, treeOf);
  if (found === null || items === null) return null;
  const recorded = new Set(found.rows.map(({ record }) => nameOf(record.dynamodb.Keys)));
  for (const item of items.keys()) if (!recorded.has(item)) return `no record of ${item}`;
  const first = new Map<string, Row>();
  for (const row of found.rows) {
    const item = nameOf(row.record.dynamodb.Keys);
    if (row.timestamp < (first.get(item)?.timestamp ?? Infinity)) first.set(item, row);
  }
  for (const [item, { record }] of first) {
    if (record.eventName !== "INSERT") return `${item} does not begin with an INSERT: ${JSON.stringify(record)}`;
  }
  return null;
}

function isSame(a: AttributeMap | undefined, b: AttributeMap | undefined): boolean {
  return a === undefined || b === undefined ? a === b : equalValues({ M: a }, { M: b });
}

function nameOf(keys: AttributeMap): string {
  return JSON.stringify(keys);
}

/** All records of the table, as whole replicas have them. */
function rowsOf(table: TableSchema, treeOf: TreeOf): Rows | null {
  const rows: Row[] = [];
  let trimmed = 0;
  const isRead = visit(table, SPACES.stream, treeOf, (key, stored) => {
    const { createdMs, group, timestamp } = placeOfRow(key);
    if (timestamp === 0) trimmed = Math.max(trimmed, decodeMark(stored));
    else rows.push({ createdMs, group, timestamp, record: recordOf(stored) });
  });
  return isRead ? { rows, trimmed } : null;
}

function itemsOf(table: TableSchema, treeOf: TreeOf): ReadonlyMap<string, AttributeMap> | null {
  const items = new Map<string, AttributeMap>();
  const isRead = visit(table, 0, treeOf, (key, stored) => {
    items.set(nameOf(keyItemOf(table, key)), decodeStored(stored));
  });
  return isRead ? items : null;
}

function recordOf(stored: Uint8Array): Record {
  const json = new Uint8Array(recordJsonLength(stored));
  recordJsonInto(stored, new Uint8Array(0), json, 0);
  return JSON.parse(must(utf8Decode(json), "records are UTF-8")) as Record;
}

type Visit = (key: Parameters<typeof placeOfRow>[0], stored: Uint8Array) => void;

/** False: a partition cannot be read. */
function visit(table: TableSchema, space: Space | 0, treeOf: TreeOf, see: Visit): boolean {
  for (const partition of table.partitions) {
    const tree = treeOf(partition);
    if (tree === null) return false;
    const { from, to } = scanBounds(table.id, partition.from, partition.to, space);
    const damage = tree.scan(from, to, true, (key, stored) => {
      see(key, stored);
      return true;
    });
    if (damage !== null) return false;
  }
  return true;
}

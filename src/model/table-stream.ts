// A table's stream as the catalogue holds it, and what splits, switches and time do to it: pure. A shard is what one
// replication group of the table writes while the stream is on: when the group is split, or the stream switched off,
// its shard is closed, and the children's shards follow. Plain JSON data.
import { assert } from "../base/assert.ts";
import type { GroupId, HashPoint } from "../base/ids.ts";
import type { Partition, TableSchema } from "./table-schema.ts";
import type { ResourcePolicy } from "./table-settings.ts";

export type StreamViewType = "KEYS_ONLY" | "NEW_IMAGE" | "OLD_IMAGE" | "NEW_AND_OLD_IMAGES";
export type StreamStatus = "ENABLING" | "ENABLED" | "DISABLING" | "DISABLED";

export type TableStream = {
  readonly viewType: StreamViewType;
  readonly status: StreamStatus;
  /** Names the stream among those of the table: no two have the same. */
  readonly createdMs: number;
  /** Oldest first: a shard comes after its parent. */
  readonly shards: readonly StreamShard[];
  /** Absent: none. */
  readonly policy?: ResourcePolicy;
};

export type StreamShard = {
  readonly group: GroupId;
  /** Where its records lie, whoever has them now: the first point of the group's partition. */
  readonly at: HashPoint;
  /** Its records have greater write timestamps. */
  readonly after: number;
  /** The shard whose items these were before, while it is listed. Absent: none. */
  readonly parent?: GroupId;
  /** Absent: it is open. */
  readonly closed?: { readonly ms: number; readonly last: number };
};

/** Shards of one stream that a catalogue's row may have: partitions and a day of splits. */
export const SHARDS_MAX = 100_000;
/** Streams that were switched off within the retention time and are listed still. */
export const OLD_STREAMS_MAX = 100;
/** How long records are kept: DynamoDB's day. */
export const STREAM_RETENTION_MS = 86_400_000;

/** DynamoDB's StreamLabel: an ISO time without its zone. */
export function streamLabel({ createdMs }: Pick<TableStream, "createdMs">): string {
  const day = 86_400_000;
  const [year, month, date] = civilDate(Math.floor(createdMs / day));
  const ms = createdMs % day;
  const time = [pad(Math.floor(ms / 3_600_000), 2), pad(Math.floor(ms / 60_000) % 60, 2), pad(
    Math.floor(ms / 1000) % 60, 2)].join(":");
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(date, 2)}T${time}.${pad(ms % 1000, 3)}`;
}

/** Year, month and day of a day since 1970-01-01, by the proleptic Gregorian calendar. */
function civilDate(days: number): readonly [number, number, number] {
  // Years begin in March here: the leap day is the last one. 719,468 days lie between 0000-03-01 and 1970-01-01.
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  return [
    yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1,
  ];
}

function pad(value: number, digits: number): string {
  return String(value).padStart(digits, "0");
}

/** Digits of the largest write timestamp. */
const TIMESTAMP_DIGITS = 16;

/** A sequence number of 21 digits: as write timestamps it only grows in a shard and over its descendants. */
export function sequenceOf(timestamp: number): string {
  return `1${pad(timestamp, TIMESTAMP_DIGITS)}0000`;
}

/** The greatest write timestamp whose sequence number is not greater. Null: no decimal number. */
export function timestampOf(sequence: string): { readonly timestamp: number; readonly isExact: boolean } | null {
  if (!/^[0-9]{1,40}$/.test(sequence)) return null;
  const number = BigInt(sequence);
  const first = 10n ** 20n;
  if (number < first) return { timestamp: 0, isExact: false };
  const timestamp = (number - first) / 10_000n;
  if (timestamp > BigInt(Number.MAX_SAFE_INTEGER)) return { timestamp: Number.MAX_SAFE_INTEGER, isExact: false };
  return { timestamp: Number(timestamp), isExact: (number - first) % 10_000n === 0n };
}

const ODD = 0x9e37_79b1;

/** `shardId-`, when it began, and eight digits that no other group of the cluster has (unless there are 2^32). */
export function shardIdOf({ group, after }: StreamShard): string {
  const mixed = Math.imul(group, ODD) >>> 0;
  return `shardId-${pad(Math.floor(after / 1000), 20)}-${mixed.toString(16).padStart(8, "0")}`;
}

/** Changes of its items are recorded. */
export function isRecording(stream: TableStream | undefined): boolean {
  return stream !== undefined && (stream.status === "ENABLING" || stream.status === "ENABLED");
}

/** The table's streams, the newest first. */
export function streamsOf({ stream, oldStreams }: TableSchema): readonly TableStream[] {
  if (stream === undefined) return [];
  return oldStreams === undefined ? [stream] : [stream, ...oldStreams];
}

/** `createdMs`: later than that of every stream that the table had. */
export function newStream(
  viewType: StreamViewType, createdMs: number, partitions: readonly Partition[],
): TableStream {
  const after = createdMs * 1000;
  const shards = partitions.map(({ group, from }): StreamShard => ({ group, at: from, after }));
  return { viewType, status: "ENABLING", createdMs, shards };
}

/** The stream as ENABLED or DISABLED, if on its way there; `ends`: last timestamps of a disabled one's groups. */
export function settledStream(stream: TableStream, ends: ReadonlyMap<GroupId, number>, nowMs: number): TableStream {
  if (stream.status === "ENABLING") return { ...stream, status: "ENABLED" };
  if (stream.status !== "DISABLING") return stream;
  const shards = stream.shards.map((shard): StreamShard => (
    shard.closed === undefined ? closed(shard, ends.get(shard.group) ?? shard.after, nowMs) : shard
  ));
  return { ...stream, status: "DISABLED", shards };
}

function closed(shard: StreamShard, last: number, ms: number): StreamShard {
  return { ...shard, closed: { ms: Math.floor(ms), last: Math.max(last, shard.after) } };
}

/**
 * The stream after a split of `parent`: its shard is closed, the children's follow. `since`: no write of the parent has
 * a greater timestamp, and all of the children's have.
 */
export function splitStream(
  stream: TableStream, parent: GroupId, children: readonly Partition[], since: number, nowMs: number,
): TableStream {
  const at = stream.shards.findIndex(({ group }) => group === parent);
  const shard = stream.shards[at];
  if (shard === undefined || shard.closed !== undefined) return stream;
  // A group that was split before it could write anything into the stream leaves no shard behind.
  const isEmpty = since <= shard.after;
  const after = Math.max(since, shard.after);
  const begun = children.map((child): StreamShard => {
    const next: StreamShard = { group: child.group, at: child.from, after };
    return isEmpty ? (shard.parent === undefined ? next : { ...next, parent: shard.parent })
      : { ...next, parent };
  });
  const left = isEmpty ? stream.shards.filter((_, i) => i !== at)
    : stream.shards.map((one, i) => (i === at ? closed(shard, since, nowMs) : one));
  return { ...stream, shards: [...left, ...begun] };
}

/** Without the shards that were closed longer ago than records are kept; the same object when there are none. */
function withoutOldShards(stream: TableStream, nowMs: number, retentionMs: number): TableStream {
  const isKept = ({ closed: end }: StreamShard): boolean => end === undefined || nowMs - end.ms < retentionMs;
  if (stream.shards.every(isKept)) return stream;
  const kept = stream.shards.filter(isKept);
  const groups = new Set(kept.map(({ group }) => group));
  const shards = kept.map((shard): StreamShard => {
    if (shard.parent === undefined || groups.has(shard.parent)) return shard;
    const { parent: _, ...root } = shard;
    return root;
  });
  return { ...stream, shards };
}

/** The table without what is too old of its streams; the same object when there is nothing. */
export function withoutOldStreams(table: TableSchema, nowMs: number, retentionMs: number): TableSchema {
  const { stream, oldStreams } = table;
  if (stream === undefined) return table;
  const kept = withoutOldShards(stream, nowMs, retentionMs);
  const old = oldStreams?.map((one) => withoutOldShards(one, nowMs, retentionMs));
  const isSame = kept === stream && (old?.every((one, i) => one === oldStreams?.[i]) ?? true);
  if (isSame) return table;
  const { oldStreams: _, ...rest } = table;
  const listed = old?.filter(({ shards }) => shards.length > 0) ?? [];
  return { ...rest, stream: kept, ...(listed.length === 0 ? {} : { oldStreams: listed }) };
}

/** The table with a new stream; the one before is kept as long as it has shards. */
export function withNewStream(table: TableSchema, viewType: StreamViewType, nowMs: number): TableSchema {
  const { stream: before, oldStreams, ...rest } = table;
  assert(!isRecording(before), "a table has one stream that records");
  const wholeMs = Math.floor(nowMs);
  const createdMs = before === undefined ? wholeMs : Math.max(wholeMs, before.createdMs + 1);
  const stream = newStream(viewType, createdMs, table.partitions);
  const old = [...(before !== undefined && before.shards.length > 0 ? [before] : []), ...(oldStreams ?? [])]
    .slice(0, OLD_STREAMS_MAX);
  return { ...rest, stream, ...(old.length === 0 ? {} : { oldStreams: old }) };
}

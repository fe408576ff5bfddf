// Rows of the space `stream`: a record of each change of an item, in the form in which GetRecords sends it. A row's key
// goes on behind the first point of the partition that wrote it with three f64, big-endian, in which greater numbers
// come later: when the stream was created, the group, the change's write timestamp. At timestamp 0 lies the mark of
// what was trimmed. Body of a record, little-endian:
//
//   0   u16   length of the head
//   2   …     head: the record's JSON up to the region, which is the reader's
//   ..  …     tail: the JSON behind the region
//
// Body of a mark: f64 the timestamp of the newest record of the shard that was trimmed.
import { assert } from "../base/assert.ts";
import { hash128 } from "../base/hash128.ts";
import { storageKey, type GroupId, type HashPoint, type StorageKey, type TableId } from "../base/ids.ts";
import { utf8Encode } from "../base/utf8.ts";
import { equalValues } from "./expression/compare-values.ts";
import { decodeStored, encodeRow, rowBody, storedJson, storedSize } from "./item-codec.ts";
import { itemSize } from "./item-size.ts";
import { keyItemOf, pointPrefix, SPACES } from "./key-encoding.ts";
import type { TableSchema } from "./table-schema.ts";
import { isRecording, sequenceOf, type TableStream } from "./table-stream.ts";

const HEAD_AT = 2;
const NUMBER_BYTES = 8;
const SUFFIX_BYTES = 3 * NUMBER_BYTES;
/** Keys, numbers and names of a record: its key attributes as JSON are less than seven times their bytes. */
const FRAME_BYTES_MAX = 32 * 1024;
/**
 * A record that is larger (which only a transaction can cause that was decided before the stream was there) is told
 * without images, rather than not at all: it must fit into the log entry of its change.
 */
const IMAGES_BYTES_MAX = 1_700 * 1024;
const HASH_HEX_SEED = 0x57ab;
const view = new DataView(new ArrayBuffer(NUMBER_BYTES));

/** Where a shard's rows lie. */
export type ShardPlace = {
  readonly table: TableId;
  readonly at: HashPoint;
  readonly createdMs: number;
  readonly group: GroupId;
};

function numberBytes(value: number): string {
  view.setFloat64(0, value);
  let bytes = "";
  for (let i = 0; i < NUMBER_BYTES; i++) bytes += String.fromCharCode(view.getUint8(i));
  return bytes;
}

function numberAt(key: StorageKey, at: number): number {
  for (let i = 0; i < NUMBER_BYTES; i++) view.setUint8(i, key.charCodeAt(at + i));
  return view.getFloat64(0);
}

export function shardPrefix({ table, at, createdMs, group }: ShardPlace): StorageKey {
  return storageKey(pointPrefix(table, at, SPACES.stream) + numberBytes(createdMs) + numberBytes(group));
}

export function recordKey(prefix: StorageKey, timestamp: number): StorageKey {
  assert(Number.isSafeInteger(timestamp) && timestamp >= 0, "a write timestamp");
  return storageKey(prefix + numberBytes(timestamp));
}

export function markKey(prefix: StorageKey): StorageKey {
  return recordKey(prefix, 0);
}

/** Of a row of the space: the shard it belongs to and its timestamp. */
export function placeOfRow(key: StorageKey): {
  readonly prefix: StorageKey;
  readonly createdMs: number;
  readonly group: number;
  readonly timestamp: number;
} {
  const end = key.length - NUMBER_BYTES;
  assert(key.length > SUFFIX_BYTES, "a key of the stream space");
  return {
    prefix: storageKey(key.slice(0, end)), createdMs: numberAt(key, key.length - SUFFIX_BYTES),
    group: numberAt(key, end - NUMBER_BYTES), timestamp: numberAt(key, end),
  };
}

export function encodeMark(key: StorageKey, trimmed: number): Uint8Array {
  const body = new Uint8Array(NUMBER_BYTES);
  new DataView(body.buffer).setFloat64(0, trimmed, true);
  return encodeRow(body, key);
}

export function decodeMark(stored: Uint8Array): number {
  const body = rowBody(stored);
  assert(body.length === NUMBER_BYTES, "a mark is one number");
  return new DataView(body.buffer, body.byteOffset, NUMBER_BYTES).getFloat64(0, true);
}

// ---- Records.

/** An item before and after a change, in stored form; null: no item. */
export type ItemChange = {
  readonly key: StorageKey;
  readonly before: Uint8Array | null;
  readonly after: Uint8Array | null;
  readonly timestamp: number;
  readonly isExpiry: boolean;
};

/** More bytes than the change's record has; 0 while nothing is recorded. */
export function recordBytesMax(stream: TableStream, before: Uint8Array | null, after: Uint8Array | null): number {
  if (!isRecording(stream)) return 0;
  const { viewType } = stream;
  const next = viewType === "NEW_IMAGE" || viewType === "NEW_AND_OLD_IMAGES" ? after : null;
  const old = viewType === "OLD_IMAGE" || viewType === "NEW_AND_OLD_IMAGES" ? before : null;
  return FRAME_BYTES_MAX + (next === null ? 0 : next.length) + (old === null ? 0 : old.length);
}

/** False for a write that leaves the item what it was, in whatever order its attributes and sets are told. */
export function isRealChange(before: Uint8Array | null, after: Uint8Array | null): boolean {
  if (before === null || after === null) return before !== after;
  if (storedSize(before) !== storedSize(after)) return true;
  if (isSame(storedJson(before), storedJson(after))) return false;
  return !equalValues({ M: decodeStored(before) }, { M: decodeStored(after) });
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

const SERVICE_IDENTITY = ',"userIdentity":{"PrincipalId":"dynamodb.amazonaws.com","Type":"Service"}';
const NEW_IMAGE: Uint8Array = utf8Encode(',"NewImage":');
const OLD_IMAGE: Uint8Array = utf8Encode(',"OldImage":');

/** The row of the change's record. */
export function encodeRecord(table: TableSchema, stream: TableStream, change: ItemChange, row: StorageKey): Uint8Array {
  const { key, before, after, timestamp, isExpiry } = change;
  const { viewType } = stream;
  const hasNew = viewType === "NEW_IMAGE" || viewType === "NEW_AND_OLD_IMAGES";
  const hasOld = viewType === "OLD_IMAGE" || viewType === "NEW_AND_OLD_IMAGES";
  const isTooLarge = recordBytesMax(stream, before, after) > IMAGES_BYTES_MAX;
  const next = hasNew && !isTooLarge ? after : null;
  const old = hasOld && !isTooLarge ? before : null;
  const keys = keyItemOf(table, key);
  const size = itemSize(keys) + (next === null ? 0 : storedSize(next)) + (old === null ? 0 : storedSize(old));
  const name = before === null ? "INSERT" : after === null ? "REMOVE" : "MODIFY";
  const head = utf8Encode(`{"eventID":"${eventId(row)}","eventName":"${name}","eventVersion":"1.1",`
    + '"eventSource":"aws:dynamodb","awsRegion":"');
  const first = utf8Encode(`","dynamodb":{"ApproximateCreationDateTime":${Math.floor(timestamp / 1_000_000)},`
    + `"Keys":${JSON.stringify(keys)}`);
  const last = utf8Encode(`,"SequenceNumber":"${sequenceOf(timestamp)}","SizeBytes":${size},`
    + `"StreamViewType":"${viewType}"}${isExpiry ? SERVICE_IDENTITY : ""}}`);
  const pieces: Uint8Array[] = [first];
  if (next !== null) pieces.push(NEW_IMAGE, storedJson(next));
  if (old !== null) pieces.push(OLD_IMAGE, storedJson(old));
  pieces.push(last);
  let length = HEAD_AT + head.length;
  for (const piece of pieces) length += piece.length;
  const body = new Uint8Array(length);
  body[0] = head.length;
  body[1] = head.length >>> 8;
  body.set(head, HEAD_AT);
  let at = HEAD_AT + head.length;
  for (const piece of pieces) {
    body.set(piece, at);
    at += piece.length;
  }
  return encodeRow(body, row);
}

/** 32 hexadecimal digits: the hash of the row's key, which no other row has. */
function eventId(row: StorageKey): string {
  const hash = hash128(row, HASH_HEX_SEED);
  let hex = "";
  for (let i = 0; i < hash.length; i++) hex += (hash.charCodeAt(i) + 0x100).toString(16).slice(1);
  return hex;
}

/** Length of the record's JSON without the region. */
export function recordJsonLength(stored: Uint8Array): number {
  return rowBody(stored).length - HEAD_AT;
}

/** Writes the record's JSON with `region` in its place into `target` from `at` on; returns where it ends. */
export function recordJsonInto(stored: Uint8Array, region: Uint8Array, target: Uint8Array, at: number): number {
  const body = rowBody(stored);
  const headEnd = HEAD_AT + (body[0] as number) + (body[1] as number) * 256;
  assert(headEnd < body.length, "a record has a head and a tail");
  target.set(body.subarray(HEAD_AT, headEnd), at);
  const regionAt = at + headEnd - HEAD_AT;
  target.set(region, regionAt);
  const tailAt = regionAt + region.length;
  target.set(body.subarray(headEnd), tailAt);
  return tailAt + body.length - headEnd;
}

// The bytes of the write-ahead log. Numbers are little-endian; u53 is an unsigned integer below 2^53 in
// eight bytes. A segment is a file of fixed size, made of 512-byte sectors, zeros where nothing was written:
//
//   sector 0    segment header
//   then        batches, each beginning on a sector of its own, so that writing one batch never rewrites a
//               sector that holds an older, acknowledged one
//
//   segment header  0  u32 magic "SWAL"      4  u16 format version   6  u16 node id
//                   8  u53 segment number   16  u32 segment bytes   20  u32 salt
//                  24  u32 reserved, 0      28  u32 crc of bytes 0..28
//   batch header    0  u32 magic "SBAT"      4  u32 bytes of records (without header and padding)
//                   8  u53 batch sequence   16  u32 record count     20  u32 segment number, low 32 bits
//                  24  u32 reserved, 0      28  u32 crc of bytes 0..28, seeded with the segment's salt
//   record          0  u32 payload bytes     4  u32 crc (wire/record-checksum)
//                   8  u8 kind   9  u53 group   17  u53 lsn   25  u53 ballot   33  payload
//
// A batch without records is a seal. The salt, random per segment, keeps payloads from posing as batches:
// a client would have to guess it. Batch sequences run on without a hole across segments.
import { assert } from "../../base/assert.ts";
import { ballotFrom, groupId, lsn, nodeId } from "../../base/ids.ts";
import type { Ballot, GroupId, Lsn, NodeId } from "../../base/ids.ts";
import { crc32c } from "../../base/crc32c.ts";
import {
  BASE, COMMIT, CONFIG, CONFIGURATION, FORGOTTEN, NOOP, PROMISE, SPLIT, WRITE,
} from "../../wire/log-record.ts";
import type { LogRecord, RecordKind } from "../../wire/log-record.ts";
import { recordChecksum } from "../../wire/record-checksum.ts";

export const FORMAT_VERSION = 1;
export const SECTOR_BYTES = 512;
export const BATCH_HEADER_BYTES = 32;
export const RECORD_HEADER_BYTES = 33;
/** A write of ten 400 KB items fits; a record must fit one segment and one message. */
export const RECORD_BYTES_MAX: number = 4 * 1024 * 1024;

const SEGMENT_MAGIC = 0x4c415753;
const BATCH_MAGIC = 0x54414253;
const HEADER_CRC_AT = 28;
const U32 = 0x1_0000_0000;

export type SegmentHeader = {
  readonly version: number;
  readonly node: NodeId;
  readonly number: number;
  readonly bytes: number;
  readonly salt: number;
};

export type BatchHeader = { readonly bytes: number; readonly sequence: number; readonly recordCount: number };

/** A record's fields without its payload: what recovery keeps. */
export type RecordHeader = {
  readonly payloadBytes: number;
  readonly crc: number;
  readonly kind: RecordKind;
  readonly group: GroupId;
  readonly lsn: Lsn;
  readonly ballot: Ballot;
};

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function roundUpToSector(bytes: number): number {
  return Math.ceil(bytes / SECTOR_BYTES) * SECTOR_BYTES;
}

/** Bytes that a batch with `recordBytes` of records takes in its segment. */
export function batchSpan(recordBytes: number): number {
  return roundUpToSector(BATCH_HEADER_BYTES + recordBytes);
}

/** wal-0000000000000042.log: names sort as numbers. */
export function segmentFileName(number: number): string {
  return `wal-${String(number).padStart(16, "0")}.log`;
}

/** Null when `name` is not a segment's. */
export function segmentNumberOf(name: string): number | null {
  const match = /^wal-(\d{16})\.log$/.exec(name);
  return match === null ? null : Number(match[1]);
}

/** The whole first sector. */
export function encodeSegmentHeader(header: SegmentHeader): Uint8Array {
  const bytes = new Uint8Array(SECTOR_BYTES);
  const view = viewOf(bytes);
  view.setUint32(0, SEGMENT_MAGIC, true);
  view.setUint16(4, header.version, true);
  view.setUint16(6, header.node, true);
  putU53(view, 8, header.number);
  view.setUint32(16, header.bytes, true);
  view.setUint32(20, header.salt, true);
  view.setUint32(HEADER_CRC_AT, crc32c(bytes, 0, 0, HEADER_CRC_AT), true);
  return bytes;
}

/** Null when the bytes are no segment header. The version is the caller's to check. */
export function decodeSegmentHeader(bytes: Uint8Array): SegmentHeader | null {
  if (bytes.length < BATCH_HEADER_BYTES) return null;
  const view = viewOf(bytes);
  if (view.getUint32(0, true) !== SEGMENT_MAGIC) return null;
  if (view.getUint32(HEADER_CRC_AT, true) !== crc32c(bytes, 0, 0, HEADER_CRC_AT)) return null;
  const node = view.getUint16(6, true);
  const number = getU53(view, 8);
  if (node === 0 || number === null) return null;
  return {
    version: view.getUint16(4, true), node: nodeId(node), number,
    bytes: view.getUint32(16, true), salt: view.getUint32(20, true),
  };
}

export function putBatchHeader(
  bytes: Uint8Array, view: DataView, segment: number, salt: number, header: BatchHeader,
): void {
  view.setUint32(0, BATCH_MAGIC, true);
  view.setUint32(4, header.bytes, true);
  putU53(view, 8, header.sequence);
  view.setUint32(16, header.recordCount, true);
  view.setUint32(20, segment % U32, true);
  view.setUint32(24, 0, true);
  view.setUint32(HEADER_CRC_AT, crc32c(bytes, salt, 0, HEADER_CRC_AT), true);
}

/** Null when there is no intact batch header of this segment at `at`. */
export function decodeBatchHeader(
  bytes: Uint8Array, view: DataView, at: number, segment: number, salt: number,
): BatchHeader | null {
  if (at + BATCH_HEADER_BYTES > bytes.length || view.getUint32(at, true) !== BATCH_MAGIC) return null;
  if (view.getUint32(at + HEADER_CRC_AT, true) !== crc32c(bytes, salt, at, at + HEADER_CRC_AT)) return null;
  const sequence = getU53(view, at + 8);
  if (sequence === null || view.getUint32(at + 20, true) !== segment % U32) return null;
  return { bytes: view.getUint32(at + 4, true), sequence, recordCount: view.getUint32(at + 16, true) };
}

/** Writes `record` at `at`; the caller has made room. Returns the offset behind it. */
export function putRecord(bytes: Uint8Array, view: DataView, at: number, record: LogRecord): number {
  const { payload } = record;
  view.setUint32(at, payload.length, true);
  view.setUint32(at + 4, record.crc, true);
  view.setUint8(at + 8, record.kind);
  putU53(view, at + 9, record.group);
  putU53(view, at + 17, record.lsn);
  putU53(view, at + 25, record.ballot);
  bytes.set(payload, at + RECORD_HEADER_BYTES);
  return at + RECORD_HEADER_BYTES + payload.length;
}

/** What the head of a record says, unchecked. */
export type RecordGlimpse = {
  readonly payloadBytes: number;
  readonly group: GroupId;
  readonly lsn: Lsn;
};

/** Null when no record can be at `at`. For passing by records that are not wanted: no checksum is looked at. */
export function glimpseRecord(view: DataView, at: number, end: number): RecordGlimpse | null {
  if (at + RECORD_HEADER_BYTES > end) return null;
  const payloadBytes = view.getUint32(at, true);
  const group = getU53(view, at + 9);
  const lsnAt = getU53(view, at + 17);
  if (payloadBytes > end - at - RECORD_HEADER_BYTES || group === null || lsnAt === null) return null;
  return { payloadBytes, group: groupId(group), lsn: lsn(lsnAt) };
}

/**
 * The record at `at` when it is intact and ends at or before `end`, else null. Checks the checksum over the
 * payload in place, without copying it.
 */
export function decodeRecordHeader(
  bytes: Uint8Array, view: DataView, at: number, end: number,
): RecordHeader | null {
  if (at + RECORD_HEADER_BYTES > end) return null;
  const payloadBytes = view.getUint32(at, true);
  const from = at + RECORD_HEADER_BYTES;
  if (payloadBytes > RECORD_BYTES_MAX || from + payloadBytes > end) return null;
  const kind = view.getUint8(at + 8) as RecordKind;
  const group = getU53(view, at + 9);
  const at_lsn = getU53(view, at + 17);
  const ballot = getU53(view, at + 25);
  if (!isRecordKind(kind) || group === null || at_lsn === null || ballot === null) return null;
  const header: RecordHeader = {
    payloadBytes, crc: view.getUint32(at + 4, true), kind,
    group: groupId(group), lsn: lsn(at_lsn), ballot: ballotFrom(ballot),
  };
  const payload = bytes.subarray(from, from + payloadBytes);
  if (recordChecksum(kind, header.group, header.lsn, header.ballot, payload) !== header.crc) return null;
  return header;
}

function isRecordKind(kind: number): kind is RecordKind {
  return kind === NOOP || kind === WRITE || kind === CONFIG || kind === SPLIT || kind === PROMISE || kind === COMMIT
    || kind === BASE || kind === CONFIGURATION || kind === FORGOTTEN;
}

export function isEntryKind(kind: RecordKind): boolean {
  return kind < PROMISE;
}

/** The record that `header` describes, with `payload` as its payload. */
export function recordOf(header: RecordHeader, payload: Uint8Array): LogRecord {
  assert(payload.length === header.payloadBytes, "payload and header disagree");
  const { kind, group, ballot, crc } = header;
  return { kind, group, lsn: header.lsn, ballot, payload, crc };
}

function putU53(view: DataView, at: number, value: number): void {
  view.setUint32(at, value >>> 0, true);
  view.setUint32(at + 4, Math.floor(value / U32), true);
}

/** Null when the eight bytes hold more than 2^53 - 1. */
function getU53(view: DataView, at: number): number | null {
  const high = view.getUint32(at + 4, true);
  return high > 0x1f_ffff ? null : high * U32 + view.getUint32(at, true);
}

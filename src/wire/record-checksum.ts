// The checksum every log record carries, and the one way to make a record.
import type { Ballot, GroupId, Lsn } from "../base/ids.ts";
import { crc32c } from "../base/crc32c.ts";
import type { EntryKind, LogEntry, LogRecord, RecordKind } from "./log-record.ts";

const head = new Uint8Array(25);
const headView = new DataView(head.buffer);

/** CRC32C over kind u8, group u64, lsn u64, ballot u64 (little-endian), then the payload. */
export function recordChecksum(
  kind: RecordKind, group: GroupId, lsn: Lsn, ballot: Ballot, payload: Uint8Array,
): number {
  head[0] = kind;
  putU53(1, group);
  putU53(9, lsn);
  putU53(17, ballot);
  return crc32c(payload, crc32c(head));
}

export function makeRecord(kind: RecordKind, group: GroupId, lsn: Lsn, ballot: Ballot, payload: Uint8Array): LogRecord {
  return { kind, group, lsn, ballot, payload, crc: recordChecksum(kind, group, lsn, ballot, payload) };
}

export function makeEntry(kind: EntryKind, group: GroupId, lsn: Lsn, ballot: Ballot, payload: Uint8Array): LogEntry {
  return { kind, group, lsn, ballot, payload, crc: recordChecksum(kind, group, lsn, ballot, payload) };
}

/** True when the record's fields agree with its checksum. */
export function isRecordIntact(record: LogRecord): boolean {
  return recordChecksum(record.kind, record.group, record.lsn, record.ballot, record.payload) === record.crc;
}

function putU53(at: number, value: number): void {
  headView.setUint32(at, value >>> 0, true);
  headView.setUint32(at + 4, Math.floor(value / 0x1_0000_0000), true);
}

// One row per group in the tree's own key space: how far the store on disk has come. Written in the same
// transaction as the rows it speaks of. Key and value, numbers big-endian in the key, little-endian in the
// value:
//
//   key     0  u32 0xFFFFFFFF     4  u8 1         5  u64 group
//   value   0  u8 version, 1      1  reserved, 0  4  u32 CRC-32C of what follows, continued from the key's
//           8  f64 checkpoint    16  f64 dirty   24  f64 items   32  f64 bytes
//
// checkpoint: every change up to this LSN is in the store; -1 while the first checkpoint of the group is under way: the
// store has some of its rows, and the group no tree yet. dirty: changes up to this LSN may be in it, because
// a checkpoint of several transactions was begun; equal to `checkpoint` when it was finished. items, bytes: the
// group's counters at `checkpoint`.
import { assert } from "../../base/assert.ts";
import { binaryInto } from "../../base/binary-string.ts";
import { crc32c } from "../../base/crc32c.ts";
import { groupId, lsn, storageKey } from "../../base/ids.ts";
import type { GroupId, Lsn, StorageKey } from "../../base/ids.ts";

export type CheckpointMark = {
  /** A checkpoint of the group was finished; otherwise `checkpoint` is 0. */
  readonly isWhole: boolean;
  readonly checkpoint: Lsn;
  readonly dirty: Lsn;
  readonly items: number;
  readonly bytes: number;
};

/** Of a group the store knows nothing of. */
export const NO_MARK: CheckpointMark = { isWhole: false, checkpoint: lsn(0), dirty: lsn(0), items: 0, bytes: 0 };

const PREFIX = "\xff\xff\xff\xff\x01";
const KEY_BYTES: number = PREFIX.length + 8;
const VALUE_BYTES = 40;
const VERSION = 1;
const CRC_AT = 4;
const FIELDS_AT = 8;
/** In the place of a checkpoint LSN. */
const NOT_WHOLE = -1;

/** The key space of marks: [MARKS_FROM, MARKS_TO). */
export const MARKS_FROM: StorageKey = storageKey(PREFIX);
export const MARKS_TO: StorageKey = storageKey("\xff\xff\xff\xff\x02");

export function markKey(group: GroupId): StorageKey {
  let key = PREFIX;
  for (let shift = 7; shift >= 0; shift--) key += String.fromCharCode(Math.floor(group / 256 ** shift) % 256);
  return storageKey(key);
}

export function encodeMark(group: GroupId, mark: CheckpointMark): Uint8Array {
  assert(mark.checkpoint <= mark.dirty, "a store holds at least its checkpoint");
  const bytes = new Uint8Array(VALUE_BYTES);
  const view = new DataView(bytes.buffer);
  bytes[0] = VERSION;
  assert(mark.isWhole || mark.checkpoint === 0, "no checkpoint without a whole tree");
  view.setFloat64(FIELDS_AT, mark.isWhole ? mark.checkpoint : NOT_WHOLE, true);
  view.setFloat64(FIELDS_AT + 8, mark.dirty, true);
  view.setFloat64(FIELDS_AT + 16, mark.items, true);
  view.setFloat64(FIELDS_AT + 24, mark.bytes, true);
  view.setUint32(CRC_AT, checksum(markKey(group), bytes), true);
  return bytes;
}

/** True when the bytes under a mark's key are whole. */
export function isMarkIntact(bytes: Uint8Array, key: StorageKey): boolean {
  if (key.length !== KEY_BYTES || bytes.length !== VALUE_BYTES || bytes[0] !== VERSION) return false;
  if (bytes[1] !== 0 || bytes[2] !== 0 || bytes[3] !== 0) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return view.getUint32(CRC_AT, true) === checksum(key, bytes);
}

export function isMarkKey(key: StorageKey): boolean {
  return key >= MARKS_FROM && key < MARKS_TO;
}

function checksum(key: StorageKey, bytes: Uint8Array): number {
  const keyBytes = new Uint8Array(KEY_BYTES);
  return crc32c(bytes, crc32c(keyBytes, 0, 0, binaryInto(key, keyBytes, 0)), FIELDS_AT);
}

/** Null when the row is no intact mark. */
export function decodeMark(key: StorageKey, bytes: Uint8Array): { group: GroupId; mark: CheckpointMark } | null {
  if (!isMarkIntact(bytes, key)) return null;
  let group = 0;
  for (let i = PREFIX.length; i < KEY_BYTES; i++) group = group * 256 + key.charCodeAt(i);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const numbers = [0, 8, 16, 24].map((at) => view.getFloat64(FIELDS_AT + at, true));
  if (!Number.isSafeInteger(group) || !numbers.every(Number.isSafeInteger)) return null;
  const [checkpoint, dirty, items, byteCount] = numbers as [number, number, number, number];
  if (checkpoint < NOT_WHOLE || dirty < 0 || dirty < checkpoint) return null;
  const isWhole = checkpoint !== NOT_WHOLE;
  return {
    group: groupId(group),
    mark: { isWhole, checkpoint: lsn(isWhole ? checkpoint : 0), dirty: lsn(dirty), items, bytes: byteCount },
  };
}

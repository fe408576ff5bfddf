// What the leader of a partition must know of its predecessors' time, and cannot see in the items: a row at the
// partition's first point, written in the same log entry as the changes that need it. Little-endian:
//
//   0   f64  timestamp: no write before was given a greater one, if it deleted an item or belongs to a table with
//            indexes or streams that follow it
//   8   f64  version of the table's record: the partition's writes were evaluated by this version, and must be by none
//            older, because what follows the table (a global index, a stream) relies on it
import { storageKey, type HashPoint, type StorageKey, type TableId } from "../../base/ids.ts";
import { encodeRow, rowBody } from "../../model/item-codec.ts";
import { pointPrefix, SPACES } from "../../model/key-encoding.ts";

export type PartitionState = {
  readonly timestamp: number;
  readonly version: number;
};

export const NO_STATE: PartitionState = { timestamp: 0, version: 0 };
const BYTES = 16;

export function stateKey(table: TableId, from: HashPoint): StorageKey {
  return storageKey(pointPrefix(table, from, SPACES.state));
}

export function encodeState(key: StorageKey, { timestamp, version }: PartitionState): Uint8Array {
  const body = new Uint8Array(BYTES);
  const view = new DataView(body.buffer);
  view.setFloat64(0, timestamp, true);
  view.setFloat64(8, version, true);
  return encodeRow(body, key);
}

/** Null when the row is of another layout. */
export function decodeState(stored: Uint8Array): PartitionState | null {
  const body = rowBody(stored);
  if (body.length !== BYTES) return null;
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const timestamp = view.getFloat64(0, true);
  const version = view.getFloat64(8, true);
  return Number.isSafeInteger(timestamp) && Number.isSafeInteger(version) ? { timestamp, version } : null;
}

// Payload of a SPLIT entry. Little-endian:
//
//   u8 version (2; 1 has no timestamp) · 7 bytes reserved, 0
//   f64 hash point at which the right child begins · f64 left group · f64 right group
//   f64 items left · f64 bytes left · f64 items right · f64 bytes right · f64 write timestamp
//   then the children's first configuration (see group-configuration.ts)
import { assert } from "../base/assert.ts";
import { groupId, HASH_POINT_END, hashPoint, type GroupId, type HashPoint } from "../base/ids.ts";
import { decodeConfiguration, encodeConfiguration, type Configuration } from "./group-configuration.ts";

export type SplitPayload = {
  /** The left child has the points below, the right one this and those above. */
  readonly at: HashPoint;
  readonly left: GroupId;
  readonly right: GroupId;
  /** What the children's counters begin with; estimates whose sum is the parent's. */
  readonly leftItems: number;
  readonly leftBytes: number;
  readonly rightItems: number;
  readonly rightBytes: number;
  /** Of a table that something follows: none of the parent's writes has a greater one, and the children's have. */
  readonly since: number;
  /** Epoch 1: the parent's replicas at the proposal. */
  readonly configuration: Configuration;
};

const VERSION = 2;
const HEAD = 8;
const NUMBERS = 8;
const VERSION_BEFORE = 1;
const NUMBERS_BEFORE = 7;

export function encodeSplitPayload(split: SplitPayload): Uint8Array {
  assert(split.configuration.epoch === 1, "children begin at epoch 1");
  assert(split.left !== split.right, "children are two groups");
  const configuration = encodeConfiguration(split.configuration);
  const out = new Uint8Array(HEAD + NUMBERS * 8 + configuration.length);
  const view = new DataView(out.buffer);
  out[0] = VERSION;
  const { at, left, right, leftItems, leftBytes, rightItems, rightBytes, since } = split;
  [at, left, right, leftItems, leftBytes, rightItems, rightBytes, since].forEach((value, i) => {
    assert(Number.isSafeInteger(value) && value >= 0, "numbers of a split are counters");
    view.setFloat64(HEAD + i * 8, value, true);
  });
  out.set(configuration, HEAD + NUMBERS * 8);
  return out;
}

/** Null when the bytes are no split of a known version. */
export function decodeSplitPayload(bytes: Uint8Array): SplitPayload | null {
  if (bytes[0] !== VERSION && bytes[0] !== VERSION_BEFORE) return null;
  const count = bytes[0] === VERSION ? NUMBERS : NUMBERS_BEFORE;
  if (bytes.length < HEAD + count * 8) return null;
  for (let i = 1; i < HEAD; i++) if (bytes[i] !== 0) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const numbers: number[] = [];
  for (let i = 0; i < count; i++) {
    const value = view.getFloat64(HEAD + i * 8, true);
    if (!Number.isSafeInteger(value) || value < 0) return null;
    numbers.push(value);
  }
  const [at, left, right, leftItems, leftBytes, rightItems, rightBytes, since = 0] = numbers as [
    number, number, number, number, number, number, number, number?,
  ];
  const configuration = decodeConfiguration(bytes.subarray(HEAD + count * 8));
  if (configuration === null || configuration.epoch !== 1) return null;
  if (at === 0 || at >= HASH_POINT_END || left === right || left === 0 || right === 0) return null;
  return {
    at: hashPoint(at), left: groupId(left), right: groupId(right), leftItems, leftBytes, rightItems, rightBytes,
    since, configuration,
  };
}

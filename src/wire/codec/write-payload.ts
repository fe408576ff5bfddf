// Payload of a WRITE entry: the physical changes of one batch, and what they add to the partition's
// counters. Little-endian:
//
//   u8  version (1)
//   u8  reserved, 0
//   u16 reserved, 0
//   u32 number of mutations
//   i32 change of the item count
//   f64 change of the byte count (an integer)
//   then per mutation:
//     u16 key length · u32 value length (0xFFFFFFFF: deletion) · key bytes · value bytes
//
// The record around it carries the checksum, so a decoding failure here is a bug or a foreign format.
import { assert } from "../../base/assert.ts";
import { storageKey, type StorageKey } from "../../base/ids.ts";
import type { Mutation } from "../log-record.ts";

export type WritePayload = {
  readonly mutations: readonly Mutation[];
  readonly items: number;
  readonly bytes: number;
};

const VERSION = 1;
const HEAD = 20;
const MUTATION_HEAD = 6;
const DELETED = 0xffff_ffff;

export function encodeWritePayload(payload: WritePayload): Uint8Array {
  const { mutations } = payload;
  let length = HEAD;
  for (const m of mutations) length += MUTATION_HEAD + m.key.length + (m.value === null ? 0 : m.value.length);
  const out = new Uint8Array(length);
  const view = new DataView(out.buffer);
  out[0] = VERSION;
  view.setUint32(4, mutations.length, true);
  view.setInt32(8, payload.items, true);
  view.setFloat64(12, payload.bytes, true);
  let at = HEAD;
  for (const m of mutations) {
    const { key, value } = m;
    assert(key.length > 0 && key.length <= 0xffff, "key length range");
    view.setUint16(at, key.length, true);
    view.setUint32(at + 2, value === null ? DELETED : value.length, true);
    at += MUTATION_HEAD;
    for (let i = 0; i < key.length; i++) out[at + i] = key.charCodeAt(i);
    at += key.length;
    if (value !== null) {
      out.set(value, at);
      at += value.length;
    }
  }
  assert(at === length, "write payload length");
  return out;
}

/** Values are views into `bytes`. Null when the bytes are not a payload of a known version. */
export function decodeWritePayload(bytes: Uint8Array): WritePayload | null {
  if (bytes.length < HEAD || bytes[0] !== VERSION) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = view.getUint32(4, true);
  const mutations: Mutation[] = [];
  let at = HEAD;
  for (let n = 0; n < count; n++) {
    if (at + MUTATION_HEAD > bytes.length) return null;
    const keyLength = view.getUint16(at, true);
    const rawLength = view.getUint32(at + 2, true);
    const valueLength = rawLength === DELETED ? 0 : rawLength;
    at += MUTATION_HEAD;
    if (keyLength === 0 || at + keyLength + valueLength > bytes.length) return null;
    const key = keyAt(bytes, at, keyLength);
    at += keyLength;
    mutations.push({ key, value: rawLength === DELETED ? null : bytes.subarray(at, at + valueLength) });
    at += valueLength;
  }
  if (at !== bytes.length) return null;
  return { mutations, items: view.getInt32(8, true), bytes: view.getFloat64(12, true) };
}

const CHUNK = 4096;

function keyAt(bytes: Uint8Array, from: number, length: number): StorageKey {
  assert(length <= 0xffff, "key length range");
  if (length <= CHUNK) return storageKey(String.fromCharCode(...bytes.subarray(from, from + length)));
  let text = "";
  for (let at = 0; at < length; at += CHUNK) {
    text += String.fromCharCode(...bytes.subarray(from + at, from + Math.min(length, at + CHUNK)));
  }
  return storageKey(text);
}

// Distinct types for distinct numbers. Arithmetic goes through the named functions here, so that an
// LSN never becomes a byte count by accident. All are plain numbers (or strings) at run time.
import { assert } from "./assert.ts";

declare const tag: unique symbol;
type Brand<T, Name extends string> = T & { readonly [tag]: Name };

/** A node's identity, 1..65535. Never reused: a node that lost its disk comes back under a new one. */
export type NodeId = Brand<number, "NodeId">;
/** A replication group (one partition). Never reused. Group 1 is the system group. */
export type GroupId = Brand<number, "GroupId">;
/** A table's key space in the tree, u32. Never reused. Table 0 is the system group's own. */
export type TableId = Brand<number, "TableId">;
/** Log sequence number: contiguous from 1 within a group; 0 means "none". */
export type Lsn = Brand<number, "Lsn">;
/** Configuration epoch of a group: grows with each membership change. */
export type Epoch = Brand<number, "Epoch">;
/** `round * 2^16 + nodeId`: totally ordered by `<`; 0 means "none". */
export type Ballot = Brand<number, "Ballot">;
/** A key of the tree: each char code is one byte (0..255), so `<` on strings is byte order. */
export type StorageKey = Brand<string, "StorageKey">;
/** First 48 bits of the partition key's 128-bit hash, as an integer: what partition ranges are made of. */
export type HashPoint = Brand<number, "HashPoint">;

export const SYSTEM_GROUP: GroupId = 1 as GroupId;
/** Exclusive upper end of the hash space: 2^48. */
export const HASH_POINT_END: HashPoint = 0x1_0000_0000_0000 as HashPoint;

const NODE_BITS = 0x1_0000;

function counter(value: number, message: string): number {
  assert(Number.isSafeInteger(value) && value >= 0, message);
  return value;
}
export function nodeId(value: number): NodeId {
  assert(Number.isInteger(value) && value >= 1 && value < NODE_BITS, "node id range");
  return value as NodeId;
}
export function groupId(value: number): GroupId {
  return counter(value, "group id range") as GroupId;
}
export function tableId(value: number): TableId {
  assert(Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff, "table id range");
  return value as TableId;
}
export function lsn(value: number): Lsn {
  return counter(value, "lsn range") as Lsn;
}
export function nextLsn(value: Lsn): Lsn {
  return (value + 1) as Lsn;
}
export function epoch(value: number): Epoch {
  return counter(value, "epoch range") as Epoch;
}
export function hashPoint(value: number): HashPoint {
  assert(Number.isSafeInteger(value) && value >= 0 && value <= HASH_POINT_END, "hash point range");
  return value as HashPoint;
}
export function ballot(round: number, node: NodeId): Ballot {
  assert(Number.isSafeInteger(round) && round >= 0 && round < 2 ** 36, "ballot round range");
  return (round * NODE_BITS + node) as Ballot;
}
/** Reads a ballot back from a wire or disk number. */
export function ballotFrom(value: number): Ballot {
  return counter(value, "ballot range") as Ballot;
}
export function ballotRound(b: Ballot): number {
  return Math.floor(b / NODE_BITS);
}
export function ballotNode(b: Ballot): NodeId {
  return (b % NODE_BITS) as NodeId;
}
/** Order of bytes, for what sorts. */
export function compareKeys(a: StorageKey, b: StorageKey): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
export function storageKey(bytesAsChars: string): StorageKey {
  return bytesAsChars as StorageKey;
}

// What the write-ahead log carries, and the entries of a group's replicated log.
import type { Ballot, GroupId, Lsn, StorageKey } from "../base/ids.ts";

/** Kinds of record. 1..15 are log entries (they have an LSN and take part in consensus). */
export const NOOP = 1;
export const WRITE = 2;
/** A change of membership: the payload is the new configuration, see group-configuration.ts. */
export const CONFIG = 3;
/** A split of the partition, see split-payload.ts. The last entry of a group that is not its leaders' no-op. */
export const SPLIT = 4;
/** 16 and up is a replica's own state, never replicated. PROMISE: `ballot` is promised. */
export const PROMISE = 16;
/** `lsn` is known committed. Written lazily: it saves work at recovery, nothing depends on it. */
export const COMMIT = 17;
/**
 * The group's log begins behind `lsn`, whose entry has `ballot`: voids every entry and CONFIGURATION of the group that
 * stands before it. Written by a replica that joined a group which existed already. No payload; with the payload 1 it
 * says again, for a log without entries, what an older one said, and voids nothing.
 */
export const BASE = 18;
/**
 * The configuration in force from `lsn` on: that of the CONFIG entry there, whose ballot is `ballot`, or the one that
 * the group began with (`lsn` 0). Void when the log is cut at or below `lsn`, as an entry would be.
 */
export const CONFIGURATION = 19;
/** The replica is gone from this node: voids every record of the group that stands before it. LSN and ballot 0. */
export const FORGOTTEN = 20;

export type EntryKind = typeof NOOP | typeof WRITE | typeof CONFIG | typeof SPLIT;
export type RecordKind =
  | EntryKind | typeof PROMISE | typeof COMMIT | typeof BASE | typeof CONFIGURATION | typeof FORGOTTEN;

/**
 * One record of the write-ahead log. All fields always present (one hidden class).
 * `crc` is CRC32C over kind, group, lsn, ballot and payload: computed once by the leader, carried with the
 * record to every replica and every log, verified wherever bytes are read back.
 */
export type LogRecord = {
  readonly kind: RecordKind;
  readonly group: GroupId;
  readonly lsn: Lsn;
  readonly ballot: Ballot;
  readonly payload: Uint8Array;
  readonly crc: number;
};

/**
 * A log entry. `ballot` is that of the leader that first proposed it and never changes, so ballots never
 * decrease along a log. An entry appended at LSN n voids every record of its group with LSN >= n that stands
 * before it in the write-ahead log: the log was cut there.
 */
export type LogEntry = LogRecord & { readonly kind: EntryKind };

/** One change of the tree, made by a WRITE entry. `value` null deletes the key. */
export type Mutation = { readonly key: StorageKey; readonly value: Uint8Array | null };

// The ordered map under the tree: keys and values are bytes, keys in byte order. One writer, one transaction
// at a time; a reader sees the last transaction whose `done` was called, or a later one.
import type { StorageKey } from "../base/ids.ts";

/** Longest key in bytes: a partition key of 2048, a sort key of 1024, and the encoding's own bytes fit. */
export const KEY_BYTES_MAX = 4000;

export type KvError = {
  readonly kind: "kv-error";
  /** The engine's name for it: "MDB_CORRUPTED", "ENOSPC" … */
  readonly code: string;
  readonly file: string;
  readonly message: string;
};

/** `value` null deletes the key. */
export type KvMutation = { readonly key: StorageKey; readonly value: Uint8Array | null };

/** Return false to end the scan. `value` is valid only during the call. */
export type KvVisit = (key: StorageKey, value: Uint8Array) => boolean;

export interface KvStore {
  /** Names the file in messages. */
  readonly file: string;
  /** A copy of the value, or null when there is none. */
  get(key: StorageKey): Uint8Array | null | KvError;
  /**
   * Visits the keys of [from, to) in ascending or descending order. Sees one consistent state. `visit` must
   * not start another scan; it may call `get`, which may overwrite `value`.
   */
  scan(from: StorageKey, to: StorageKey, isForward: boolean, visit: KvVisit): KvError | null;
  /**
   * One atomic, durable transaction, off the event loop's thread. `done` is never called synchronously; once
   * it is, reads see the change. At most one write is under way. An error is final.
   */
  write(mutations: readonly KvMutation[], done: (error: KvError | null) => void): void;
  /** Bytes on disk (or in memory), approximately. */
  size(): number;
  /** Finishes the write under way, then gives everything back. */
  close(done: () => void): void;
}

export function kvError(code: string, file: string, message: string): KvError {
  return { kind: "kv-error", code, file, message };
}

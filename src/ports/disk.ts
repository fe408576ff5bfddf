// The disk under one node's log: a flat directory of files that are written front to back. Everything that
// must survive a power cut goes through `create`, `writeAndSync`, `delete` or `replace`; none of them runs
// on the event loop's thread.
//
// Order: these four take effect one after another in the order they were called, and their `done` is called
// in that order, never synchronously. A `done` without an error means: durable.
// A failed operation is final: after the first error every later one fails too with the same error (what a
// device holds after a failed sync is unknown, so nothing may be tried again on it).

export type DiskError = {
  readonly kind: "disk-error";
  /** The system's name for it: "EIO", "ENOSPC", "ENOENT" … */
  readonly code: string;
  readonly file: string;
  readonly offset: number;
  readonly message: string;
};

export type DiskFile = { readonly name: string; readonly bytes: number };
export type DiskListing =
  | { readonly ok: true; readonly files: readonly DiskFile[] }
  | { readonly ok: false; readonly error: DiskError };
/** `bytes` may be shorter than asked for at the end of the file. */
export type DiskRead =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly error: DiskError };
export type DiskDone = (error: DiskError | null) => void;

export interface Disk {
  /** All files, in no particular order. Blocks: for recovery. */
  list(): DiskListing;
  /**
   * Fills `target` from `offset` on. Returns the number of bytes read, fewer than asked only at the end of the
   * file. Blocks: for recovery and other rare, bounded reads.
   */
  readSync(file: string, offset: number, target: Uint8Array): number | DiskError;
  /** Reads off the event loop's thread; not ordered against writes. The bytes belong to the caller. */
  read(file: string, offset: number, length: number, done: (result: DiskRead) => void): void;
  /** A buffer that `writeAndSync` takes without copying. */
  allocate(bytes: number): Uint8Array;
  /**
   * Makes `file`, `bytes` long, beginning with `head`, the rest zeros, in place of one of that name. After a
   * crash before `done`, it may be missing, shorter, or lack any part of `head`.
   */
  create(file: string, head: Uint8Array, bytes: number, done: DiskDone): void;
  /** Writes `bytes` at `offset` and syncs. `bytes` must not be touched before `done`. */
  writeAndSync(file: string, offset: number, bytes: Uint8Array, done: DiskDone): void;
  delete(file: string, done: DiskDone): void;
  /** Replaces a small file as a whole: after a crash it holds either the old bytes or the new ones. */
  replace(file: string, bytes: Uint8Array, done: DiskDone): void;
  /** Finishes what was asked for, then gives everything back. Nothing may be called afterwards. */
  close(done: () => void): void;
}

export function diskError(code: string, file: string, offset: number, message: string): DiskError {
  return { kind: "disk-error", code, file, offset, message };
}

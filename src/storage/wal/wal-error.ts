// What can be wrong with a write-ahead log. Always names the file and the offset in it.
import type { DiskError } from "../../ports/disk.ts";

export type WalError = {
  readonly kind: "wal-error";
  /**
   * corrupt: bytes that were acknowledged are damaged or missing. version: written by another release.
   * foreign: another node's log. disk: the disk refused an operation (`cause`).
   */
  readonly reason: "corrupt" | "version" | "foreign" | "disk";
  readonly file: string;
  readonly offset: number;
  readonly message: string;
  readonly cause: DiskError | null;
};

export function walError(
  reason: "corrupt" | "version" | "foreign", file: string, offset: number, message: string,
): WalError {
  return { kind: "wal-error", reason, file, offset, message, cause: null };
}

export function walDiskError(cause: DiskError): WalError {
  const { file, offset, code, message } = cause;
  return { kind: "wal-error", reason: "disk", file, offset, message: `${code}: ${message}`, cause };
}

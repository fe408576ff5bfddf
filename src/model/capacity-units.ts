// Capacity units from item sizes: what ConsumedCapacity reports and what throttling counts.
import { READ_UNIT_BYTES, WRITE_UNIT_BYTES } from "./limits.ts";

/** Read units of one item of `bytes` (0 when absent): whole 4 KB steps, at least one, half when eventual. */
export function readUnits(bytes: number, isStrong: boolean): number {
  const steps = bytes <= READ_UNIT_BYTES ? 1 : Math.ceil(bytes / READ_UNIT_BYTES);
  return isStrong ? steps : steps / 2;
}

/** Write units of one item: whole 1 KB steps, at least one. `bytes` is the larger of old and new size. */
export function writeUnits(bytes: number): number {
  return bytes <= WRITE_UNIT_BYTES ? 1 : Math.ceil(bytes / WRITE_UNIT_BYTES);
}

/** Read units of a Query or Scan page: the sizes of all items evaluated are summed, then rounded up once. */
export function pageReadUnits(scannedBytes: number, isStrong: boolean): number {
  return readUnits(scannedBytes, isStrong);
}

/** Read units of a BatchGetItem: each item is rounded up by itself. */
export function batchReadUnits(sizes: readonly number[], isStrong: boolean): number {
  let units = 0;
  for (const bytes of sizes) units += readUnits(bytes, isStrong);
  return units;
}

/** Write units of a BatchWriteItem: each item is rounded up by itself. */
export function batchWriteUnits(sizes: readonly number[]): number {
  let units = 0;
  for (const bytes of sizes) units += writeUnits(bytes);
  return units;
}

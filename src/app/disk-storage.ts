// The files of one node: its log's disk, its tree. Whoever keeps everything in memory does not load this: LMDB is a
// library of the machine's own code, and loading it takes a tenth of a start.
import { join } from "node:path";
import { storageKey } from "../base/ids.ts";
import { isStoredIntact } from "../model/item-codec.ts";
import { openFsDisk } from "../runtime/fs-disk.ts";
import { openLmdbKv } from "../runtime/lmdb-kv.ts";
import { isMarkIntact, isMarkKey } from "../storage/tree/checkpoint-mark.ts";
import type { Storage } from "./node-storage.ts";

/** The storage in a node's directory, or what is wrong with it. */
export function openStorage(path: string): Storage | string {
  const walDirectory = join(path, "wal");
  const disk = openFsDisk(walDirectory);
  if (!disk.ok) return `${disk.error.file}: ${disk.error.message}`;
  const tree = openLmdbKv(join(path, "tree"), isRowIntact);
  if (tree.ok) return { disk: disk.disk, kv: tree.kv, walDirectory };
  disk.disk.close(() => undefined);
  return `${tree.error.file}: ${tree.error.message}`;
}

function isRowIntact(text: string, value: Uint8Array): boolean {
  const key = storageKey(text);
  return isMarkKey(key) ? isMarkIntact(value, key) : isStoredIntact(value, key);
}

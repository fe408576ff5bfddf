// The files of one node: its directory's lock, its log's disk, its tree.
import { join } from "node:path";
import { storageKey } from "../base/ids.ts";
import { isStoredIntact } from "../model/item-codec.ts";
import type { StatorNode } from "../node/stator-node.ts";
import type { Disk } from "../ports/disk.ts";
import type { KvStore } from "../ports/kv-store.ts";
import { lockDirectory, type DirectoryLock } from "../runtime/directory-lock.ts";
import { openFsDisk } from "../runtime/fs-disk.ts";
import { openLmdbKv } from "../runtime/lmdb-kv.ts";
import { isMarkIntact, isMarkKey } from "../storage/tree/checkpoint-mark.ts";
import { StartError } from "./embedded-options.ts";

export type Storage = { readonly disk: Disk; readonly kv: KvStore; readonly walDirectory: string | null };

export async function lockOrRefuse(dataDir: string): Promise<DirectoryLock> {
  const result = await lockDirectory(dataDir);
  if (result.ok) return result.lock;
  throw new StartError(
    `Another process is running on the data directory ${dataDir}. Stop it, or choose another --data-dir.`,
  );
}

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

/** Nodes first, then the disks under them. */
export async function closeAll(nodes: readonly StatorNode[], storages: readonly (Storage | null)[]): Promise<void> {
  await Promise.all(nodes.map((node) => new Promise<void>((resolve) => node.stop(resolve))));
  await Promise.all(storages.map((storage) => new Promise<void>((resolve) => {
    if (storage === null) resolve();
    else storage.disk.close(resolve);
  })));
}

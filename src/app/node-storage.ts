// What a node keeps things in, on a disk or in memory: the directory's lock, and how it is closed.
import type { StatorNode } from "../node/stator-node.ts";
import type { Disk } from "../ports/disk.ts";
import type { KvStore } from "../ports/kv-store.ts";
import { lockDirectory, type DirectoryLock } from "../runtime/directory-lock.ts";
import { StartError } from "./embedded-options.ts";

export type Storage = { readonly disk: Disk; readonly kv: KvStore; readonly walDirectory: string | null };

export async function lockOrRefuse(dataDir: string): Promise<DirectoryLock> {
  const result = await lockDirectory(dataDir);
  if (result.ok) return result.lock;
  throw new StartError(
    `Another process is running on the data directory ${dataDir}. Stop it, or choose another --data-dir.`,
  );
}

/** Nodes first, then the disks under them. */
export async function closeAll(nodes: readonly StatorNode[], storages: readonly (Storage | null)[]): Promise<void> {
  await Promise.all(nodes.map((node) => new Promise<void>((resolve) => node.stop(resolve))));
  await Promise.all(storages.map((storage) => new Promise<void>((resolve) => {
    if (storage === null) resolve();
    else storage.disk.close(resolve);
  })));
}

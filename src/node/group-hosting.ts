// Keeps the groups this node hosts equal to what the catalogue places here: new partitions are opened (with
// what the log on disk knows of them), those of deleted tables are dropped with their rows.
import {
  epoch, SYSTEM_GROUP, tableId, type GroupId, type NodeId, type StorageKey, type TableId,
} from "../base/ids.ts";
import { tableBounds } from "../model/key-encoding.ts";
import type { Partition, TableSchema } from "../model/table-schema.ts";
import type { Clock } from "../ports/clock.ts";
import type { NodeReplicator } from "../replication/node-replicator.ts";
import { recoverGroup } from "../replication/recover-group.ts";
import type { ItemTree } from "../storage/tree/item-tree.ts";
import type { RecoveredLog } from "../storage/wal/log-index.ts";
import type { TreeDamage } from "../storage/tree/tree-read.ts";
import type { WalError } from "../storage/wal/wal-error.ts";
import type { Wal } from "../storage/wal/wal.ts";

export type HostingEnv = {
  readonly self: NodeId;
  readonly clock: Clock;
  readonly wal: Wal;
  readonly tree: ItemTree;
  readonly replicator: NodeReplicator;
  /** What recovery found in the log, by group; taken out as groups are opened. */
  readonly recovered: Map<GroupId, RecoveredLog>;
  /** For messages. */
  readonly treeFile: string;
  /** Either ends the node: nothing more is opened. */
  readonly onLogDamage: (error: WalError) => void;
  readonly onTreeDamage: (damage: TreeDamage) => void;
};

/** Key spaces from here on are the tree's own (checkpoint marks). */
const RESERVED_SPACE = 0xffff_ff00;

export class GroupHosting {
  readonly #env: HostingEnv;
  readonly #hosted: Map<GroupId, TableId> = new Map();
  #opening = 0;
  #whenOpen: (() => void)[] = [];
  #isStopped = false;

  constructor(env: HostingEnv) {
    this.#env = env;
  }

  /** `nextGroup`: ids below it were given out, so one that is in no table belongs to a deleted one. */
  follow(tables: readonly TableSchema[], nextGroup: number): void {
    const wanted = new Map<GroupId, TableId>();
    for (const table of tables) {
      for (const partition of table.partitions) {
        if (!partition.replicas.includes(this.#env.self)) continue;
        wanted.set(partition.group, table.id);
        if (!this.#hosted.has(partition.group)) this.#open(partition, table.id);
      }
    }
    for (const [group, table] of this.#hosted) {
      if (!wanted.has(group)) this.#drop(group, table);
    }
    for (const group of this.#env.recovered.keys()) {
      if (group === SYSTEM_GROUP || wanted.has(group) || group >= nextGroup) continue;
      this.#env.recovered.delete(group);
      this.#env.wal.forgetGroup(group);
    }
  }

  get isOpening(): boolean {
    return this.#opening > 0;
  }

  /** Calls back when all groups wanted so far are open. */
  whenOpen(callback: () => void): void {
    if (this.#opening === 0) callback();
    else this.#whenOpen.push(callback);
  }

  stop(): void {
    this.#isStopped = true;
  }

  /**
   * Drops rows of tables that are in no catalogue: a deletion that a crash cut short. Table ids below `nextTable` were
   * given out. Other tables may be in entries of the system group that are not known to be committed yet: their rows
   * are kept.
   */
  dropOrphans(tables: readonly TableSchema[], nextTable: number): void {
    const known = new Set<number>(tables.map((table) => table.id));
    let id = 1;
    for (;;) {
      const found = this.#firstTableFrom(id);
      if (found === null || found >= nextTable) return;
      if (!known.has(found)) this.#dropRows(tableId(found));
      id = found + 1;
    }
  }

  #firstTableFrom(id: number): number | null {
    let found: number | null = null;
    const to = tableBounds(tableId(RESERVED_SPACE)).from;
    const damage = this.#env.tree.scan(tableBounds(tableId(id)).from, to, true, (key) => {
      found = tableOfKey(key);
      return false;
    });
    if (damage !== null) this.#env.onTreeDamage(damage);
    return found;
  }

  #open(partition: Partition, table: TableId): void {
    const { replicator, recovered, self } = this.#env;
    const { group, replicas } = partition;
    this.#hosted.set(group, table);
    this.#opening++;
    const log = recovered.get(group);
    recovered.delete(group);
    recoverGroup(this.#env, group, log, (recovery) => {
      this.#opening--;
      if (!recovery.ok) {
        this.#env.onLogDamage(recovery.error);
        return;
      }
      if (!this.#isStopped && this.#hosted.has(group)) {
        replicator.addGroup({ group, members: replicas, epoch: epoch(1) }, recovery.recovered, replicas[0] === self);
      }
      if (this.#opening > 0) return;
      const waiting = this.#whenOpen;
      this.#whenOpen = [];
      for (const callback of waiting) callback();
    });
  }

  /**
   * Log and rows go only once the catalogue without the table is durable on this node: a restart must not find
   * the table in its catalogue, and its log or rows half gone.
   */
  #drop(group: GroupId, table: TableId): void {
    const { replicator, tree, wal } = this.#env;
    this.#hosted.delete(group);
    replicator.removeGroup(group);
    tree.requestCheckpoint(() => {
      if (this.#isStopped) return;
      wal.forgetGroup(group);
      tree.forgetGroup(group);
      for (const other of this.#hosted.values()) {
        if (other === table) return; // rows go with the last partition
      }
      this.#dropRows(table);
    });
  }

  #dropRows(table: TableId): void {
    const { from, to } = tableBounds(table);
    this.#env.tree.dropRange(from, to, () => undefined);
  }
}

function tableOfKey(key: StorageKey): number {
  return ((key.charCodeAt(0) << 24) | (key.charCodeAt(1) << 16) | (key.charCodeAt(2) << 8) | key.charCodeAt(3)) >>> 0;
}

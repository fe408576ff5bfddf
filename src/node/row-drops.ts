// Takes a group off this node for good: first its log says so durably, then its mark leaves the tree, then its rows
// go, step by step. A crash in between leaves rows without an owner; they are swept later. The log goes on to say so
// until the mark is gone durably.
import type { GroupId, StorageKey } from "../base/ids.ts";
import { storageKey } from "../base/ids.ts";
import type { NodeReplicator } from "../replication/node-replicator.ts";
import type { ItemTree } from "../storage/tree/item-tree.ts";
import type { TreeDamage } from "../storage/tree/tree-read.ts";
import type { Wal } from "../storage/wal/wal.ts";
import { rangesWithout, type RowRange } from "./hosted-groups.ts";

export type RowDropsEnv = {
  readonly wal: Wal;
  readonly tree: ItemTree;
  readonly replicator: NodeReplicator;
  /** Ranges of the replicas of this node: their rows stay. */
  readonly owned: () => readonly RowRange[];
  /** A drop came to its end: what waited for it may go on. */
  readonly onDone: () => void;
  readonly onTreeDamage: (damage: TreeDamage) => void;
};

/** All rows of tables and of the catalogue; what lies above is the tree's own. */
const ALL_ROWS: RowRange = { from: storageKey("\0"), to: storageKey("\xff\xff\xff\0") };

export class RowDrops {
  readonly #env: RowDropsEnv;
  readonly #groups: Set<GroupId> = new Set();
  readonly #ranges: Set<RowRange> = new Set();

  constructor(env: RowDropsEnv) {
    this.#env = env;
  }

  /** The group must not be opened again until then. */
  isDropping(group: GroupId): boolean {
    return this.#groups.has(group);
  }

  /** Nothing may be written into any of the ranges until then. */
  isDroppingRows(ranges: readonly RowRange[]): boolean {
    for (const { from, to } of this.#ranges) {
      for (const range of ranges) if (from < range.to && range.from < to) return true;
    }
    return false;
  }

  /**
   * The replicator does not know the group any more. `ranges` null: its rows have other owners, or are not known. Then
   * the tree is made durable first: rows that only the group's log would bring back after a restart, and the marks of
   * the children it was split into, must not go with that log.
   */
  drop(group: GroupId, ranges: readonly RowRange[] | null): void {
    this.#groups.add(group);
    if (ranges === null) this.#env.tree.requestCheckpoint(() => this.#forget(group, null));
    else {
      for (const range of ranges) this.#ranges.add(range);
      this.#forget(group, ranges);
    }
  }

  #forget(group: GroupId, ranges: readonly RowRange[] | null): void {
    const { wal, tree, replicator, owned } = this.#env;
    replicator.whenDurable(wal.forgetGroup(group), () => {
      tree.forgetGroup(group);
      tree.requestCheckpoint(() => wal.settleForgotten(group));
      const owners = owned();
      const pieces = (ranges ?? []).flatMap((range) => rangesWithout(range, owners));
      this.#dropPieces(pieces, () => {
        this.#groups.delete(group);
        for (const range of ranges ?? []) this.#ranges.delete(range);
        this.#env.onDone();
      });
    });
  }

  /** Drops all rows that no replica of this node owns. */
  sweep(): void {
    const { tree, owned, onTreeDamage, onDone } = this.#env;
    for (const piece of rangesWithout(ALL_ROWS, owned())) {
      if (this.isDroppingRows([piece])) continue;
      let first: StorageKey | null = null;
      const damage = tree.scan(piece.from, piece.to, true, (key) => {
        first = key;
        return false;
      });
      if (damage !== null) {
        onTreeDamage(damage);
        return;
      }
      if (first === null) continue;
      this.#ranges.add(piece);
      this.#dropPieces([piece], () => {
        this.#ranges.delete(piece);
        onDone();
      });
    }
  }

  #dropPieces(pieces: readonly RowRange[], done: () => void): void {
    let left = pieces.length;
    if (left === 0) {
      this.#env.tree.requestCheckpoint(done);
      return;
    }
    for (const { from, to } of pieces) {
      this.#env.tree.dropRange(from, to, () => {
        left--;
        if (left === 0) done();
      });
    }
  }
}

// The replicas of this node and where the catalogue places them: which rows of the tree belong to which group.
import { assert } from "../base/assert.ts";
import type { GroupId, Lsn, StorageKey, TableId } from "../base/ids.ts";
import { rowRanges } from "../model/key-encoding.ts";
import type { Partition } from "../model/table-schema.ts";
import type { TreeBuild } from "../replication/tree-build.ts";

/** Keys from <= key < to. */
export type RowRange = { readonly from: StorageKey; readonly to: StorageKey };

/** Where a group belongs; `table` null: the system group. */
export type Placed = {
  readonly table: TableId | null;
  readonly partition: Partition;
  /** Spaces of items and local indexes. */
  readonly spaces: number;
  /** Ascending, one for each space: see rowRanges. */
  readonly ranges: readonly RowRange[];
};

export type Hosted = {
  readonly group: GroupId;
  /** Where a view or the group's own log placed it; null: found in the log, and not seen in a view yet. */
  placed: Placed | null;
  /** Version of the newest view that placed it here; 0: none in this life. */
  placedAt: Lsn | 0;
  /** Since when views do not place it here; null: they do, or none came. */
  absentSinceMs: number | null;
  build: TreeBuild | null;
};

/** `spaces`: the items and the local indexes of the table. */
export function placementIn(table: TableId | null, partition: Partition, spaces: number): Placed {
  assert(table !== null, "only partitions of tables have a range of hash points");
  return { table, partition, spaces, ranges: rowRanges(table, partition.from, partition.to, spaces) };
}

/** What is left of `whole` without the ranges of `taken`, ascending. */
export function rangesWithout(whole: RowRange, taken: readonly RowRange[]): RowRange[] {
  const sorted = [...taken].sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0));
  const left: RowRange[] = [];
  let { from } = whole;
  for (const range of sorted) {
    if (range.to <= from || range.from >= whole.to) continue;
    if (range.from > from) left.push({ from, to: range.from });
    from = range.to;
  }
  if (from < whole.to) left.push({ from, to: whole.to });
  return left;
}

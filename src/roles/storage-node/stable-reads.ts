// Reads of a transaction: items as they are committed, with what tells a second read that nothing changed in between.
// An item's version is its write timestamp. That of an item that is not there is the latest deletion of the partition:
// an item that came and went since has moved it. Busy is what a transaction holds, what one is just being released
// from, and an item that is not there while a write of it is in flight.
import type { GetOperation, GetOutcome } from "../../model/operation.ts";
import { storedTimestamp } from "../../model/item-codec.ts";
import type { LeaderSession } from "../../replication/leader-session.ts";
import type { ItemTree } from "../../storage/tree/item-tree.ts";
import type { TreeDamage } from "../../storage/tree/tree-read.ts";
import type { StableItem, StableItemsOutcome } from "../../wire/data-messages.ts";
import type { LedPartition } from "./led-partition.ts";
import { lockKey } from "./locks.ts";
import { readItem } from "./read.ts";

export function readStable(
  tree: ItemTree, session: LeaderSession, partition: LedPartition, gets: readonly GetOperation[],
): StableItemsOutcome | TreeDamage {
  const items: StableItem[] = [];
  for (const get of gets) {
    const { key } = get.address;
    const stored = tree.get(key);
    if (stored.kind === "corrupt") return stored;
    const item: GetOutcome | TreeDamage = readItem(tree, get);
    if (item.kind === "corrupt") return item;
    const isHeld = partition.locks.has(key) || session.newest(lockKey(key)) !== undefined;
    const isThere = stored.kind === "value";
    items.push({
      item, version: isThere ? storedTimestamp(stored.value) : partition.deleteMark,
      isBusy: isHeld || (!isThere && session.newest(key) !== undefined),
    });
  }
  return { kind: "stable-items", items };
}

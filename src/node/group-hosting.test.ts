// Which rows of the tree belong to nobody.
import assert from "node:assert/strict";
import { test } from "node:test";
import { groupId, lsn, nodeId, storageKey, tableId } from "../base/ids.ts";
import { Prng } from "../base/prng.ts";
import { encodeItem } from "../model/item-codec.ts";
import { tableBounds } from "../model/key-encoding.ts";
import type { TableSchema } from "../model/table-schema.ts";
import { ManualClock } from "../ports/contract/manual-clock.ts";
import { MemoryDisk } from "../runtime/memory-disk.ts";
import { MemoryKv } from "../runtime/memory-kv.ts";
import { openItemTree, TREE_DEFAULT } from "../storage/tree/item-tree.ts";
import { openWal } from "../storage/wal/wal.ts";
import { GroupHosting } from "./group-hosting.ts";

const telemetry = { event: (): void => undefined };

test("rows of a deleted table are dropped, those of one that the catalogue does not know yet are kept", () => {
  const clock = new ManualClock();
  const prng = new Prng(1);
  const random = { u32: () => prng.u32(), below: (n: number) => prng.below(n), bytes: (n: number) => prng.bytes(n) };
  const wal = openWal(new MemoryDisk(clock), {
    node: nodeId(1), clock, random, segmentBytes: 8192, batchBytesMax: 4096, sealDelayMs: 20,
  }, telemetry);
  const opened = openItemTree(new MemoryKv(clock), clock, TREE_DEFAULT, telemetry);
  assert.ok(wal.ok && opened.ok);
  const { tree } = opened;
  for (const id of [3, 4, 5, 6]) {
    const key = storageKey(`${tableBounds(tableId(id)).from}k`);
    const mutation = { key, value: encodeItem({ a: { S: "b" } }, 2, key) };
    tree.apply(groupId(20 + id), lsn(1), [mutation], { items: 1, bytes: 2 });
  }
  const hosting = new GroupHosting({
    self: nodeId(1), clock, wal: wal.wal, tree, replicator: null as never, recovered: new Map(), treeFile: "tree",
    onLogDamage: (error) => assert.fail(error.message), onTreeDamage: (damage) => assert.fail(damage.message),
  });
  hosting.dropOrphans([{ id: tableId(4) } as TableSchema], 6);
  clock.advance(1000);
  const kept = [3, 4, 5, 6].filter((id) => {
    const { from, to } = tableBounds(tableId(id));
    let found = false;
    tree.scan(from, to, true, () => (found = true));
    return found;
  });
  assert.deepEqual(kept, [4, 6]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { ballotFrom, groupId, lsn, nodeId, storageKey } from "../base/ids.ts";
import { Prng } from "../base/prng.ts";
import { encodeItem } from "../model/item-codec.ts";
import { ManualClock } from "../ports/contract/manual-clock.ts";
import { SIM_DISK_DEFAULT, SimDisk } from "../sim/world/sim-disk.ts";
import { SIM_KV_DEFAULT, SimKv } from "../sim/world/sim-kv.ts";
import { BASE, PROMISE, WRITE } from "../wire/log-record.ts";
import { makeEntry, makeRecord } from "../wire/record-checksum.ts";
import { inspectTree, inspectWal } from "./inspect.ts";
import { openItemTree } from "./tree/item-tree.ts";
import { TREE_DEFAULT } from "./tree/tree-options.ts";
import { openWal } from "./wal/wal.ts";

const telemetry = { event: (): void => undefined };

test("the log is listed by segment, batch and record, and damage where it is", () => {
  const clock = new ManualClock();
  const prng = new Prng(1);
  const disk = new SimDisk("d", clock, prng, SIM_DISK_DEFAULT);
  const random = { u32: () => prng.u32(), below: (n: number) => prng.below(n), bytes: (n: number) => prng.bytes(n) };
  const opened = openWal(disk, {
    node: nodeId(5), clock, random, segmentBytes: 8192, batchBytesMax: 4096, sealDelayMs: 10,
  }, telemetry);
  assert.ok(opened.ok);
  opened.wal.append(makeRecord(PROMISE, groupId(2), lsn(0), ballotFrom(65_541), new Uint8Array(0)));
  opened.wal.append(makeEntry(WRITE, groupId(2), lsn(1), ballotFrom(65_541), new Uint8Array(99)));
  opened.wal.append(makeRecord(BASE, groupId(3), lsn(9), ballotFrom(65_541), new Uint8Array(0)));
  opened.wal.forgetGroup(groupId(3));
  opened.wal.flush();
  clock.advance(1000);
  const lines = [...inspectWal(disk)];
  assert.deepEqual(lines.map((line) => line.kind), [
    "segment", "batch", "record", "record", "record", "record", "batch",
  ]);
  const [segment, batch, promise, write, base, forgotten, seal] = lines;
  assert.ok(segment?.kind === "segment" && segment.node === 5 && segment.number === 1);
  assert.ok(batch?.kind === "batch" && batch.records === 4 && batch.offset === 512 && !batch.isSeal);
  assert.ok(promise?.kind === "record" && promise.type === "promise" && promise.ballot === 65_541);
  assert.ok(write?.kind === "record" && write.type === "write" && write.lsn === 1 && write.payloadBytes === 99);
  assert.ok(base?.kind === "record" && base.type === "base" && base.lsn === 9);
  assert.ok(forgotten?.kind === "record" && forgotten.type === "forgotten" && forgotten.group === 3);
  assert.ok(seal?.kind === "batch" && seal.isSeal);
  const file = "wal-0000000000000001.log";
  const bytes = disk.content(file) as Uint8Array;
  bytes[write.offset + 60] = (bytes[write.offset + 60] as number) ^ 4;
  disk.setContent(file, bytes);
  const damage = [...inspectWal(disk)].filter((line) => line.kind === "damage");
  assert.deepEqual(damage.map(({ offset }) => offset), [write.offset]);
});

test("the tree is listed by mark and row, over many pages", () => {
  const clock = new ManualClock();
  const kv = new SimKv("tree", clock, new Prng(1), SIM_KV_DEFAULT);
  const opened = openItemTree(kv, clock, TREE_DEFAULT, telemetry);
  assert.ok(opened.ok);
  for (let i = 1; i <= 600; i++) {
    const key = storageKey(`\x00\x00\x00\x09\x00k${String(i).padStart(4, "0")}`);
    opened.tree.apply(groupId(4), lsn(i), [{ key, value: encodeItem({ a: { S: "b" } }, 2, key) }], { items: 1, bytes: 2 });
  }
  opened.tree.requestCheckpoint(() => undefined);
  clock.advance(10_000);
  const lines = [...inspectTree(kv, storageKey("\x00"), storageKey("\xff"))];
  assert.deepEqual(lines[0], { kind: "mark", group: 4, checkpoint: 600, dirty: 600, items: 600, bytes: 1200 });
  const rows = lines.slice(1);
  assert.equal(rows.length, 600);
  assert.equal(new Set(rows.map((line) => line.kind === "row" ? line.key : "")).size, 600);
  assert.ok(rows.every((line) => line.kind === "row" && line.table === 9 && line.index === 0 && line.isIntact));
});

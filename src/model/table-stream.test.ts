import assert from "node:assert/strict";
import { test } from "node:test";
import { groupId, hashPoint, HASH_POINT_END, nodeId, type GroupId } from "../base/ids.ts";
import { Prng } from "../base/prng.ts";
import type { Partition, TableSchema } from "./table-schema.ts";
import {
  newStream, sequenceOf, settledStream, shardIdOf, splitStream, streamLabel, timestampOf, withNewStream, withoutOldStreams,
  type TableStream,
} from "./table-stream.ts";

const SEED = Number(process.env["SEED"] ?? 1);
const MIDDLE = hashPoint(2 ** 47);

function partition(group: number, from = hashPoint(0), to = HASH_POINT_END): Partition {
  return { group: groupId(group), from, to, replicas: [nodeId(1)] };
}

const CHILDREN = [partition(11, hashPoint(0), MIDDLE), partition(12, MIDDLE)];

test("labels are the times that Date tells", () => {
  const prng = new Prng(SEED);
  for (let i = 0; i < 5_000; i++) {
    const createdMs = i < 5 ? i : prng.below(2 ** 31) * 1_900 + prng.below(1_900);
    assert.equal(`${streamLabel({ createdMs })}Z`, new Date(createdMs).toISOString(), `SEED=${SEED}`);
  }
});

test("sequence numbers are in the order of timestamps, of one length, and lead back", () => {
  const stamps = [0, 1, 9, 10, 1_767_225_600_000_000, 1_767_225_600_000_001, Number.MAX_SAFE_INTEGER];
  const numbers = stamps.map(sequenceOf);
  assert.deepEqual(numbers, numbers.toSorted());
  for (const [i, number] of numbers.entries()) {
    assert.match(number, /^[1-9][0-9]{20}$/);
    assert.deepEqual(timestampOf(number), { timestamp: stamps[i], isExact: true });
    const between = (BigInt(number) + 1n).toString();
    assert.deepEqual(timestampOf(between), { timestamp: stamps[i], isExact: false });
  }
  assert.equal(timestampOf("12x"), null);
  assert.deepEqual(timestampOf("0".repeat(21)), { timestamp: 0, isExact: false });
  assert.deepEqual(timestampOf("9".repeat(40)), { timestamp: Number.MAX_SAFE_INTEGER, isExact: false });
});

test("shard ids are DynamoDB's in form, and differ between groups", () => {
  const ids = new Set<string>();
  for (let group = 1; group <= 10_000; group++) {
    const id = shardIdOf({ group: groupId(group), at: hashPoint(0), after: 1_767_225_600_000_000 });
    assert.match(id, /^shardId-[0-9]{20}-[0-9a-f]{8}$/);
    ids.add(id);
  }
  assert.equal(ids.size, 10_000);
});

test("a split closes the parent's shard where the children's begin", () => {
  const stream: TableStream = { ...newStream("KEYS_ONLY", 1_000, [partition(10)]), status: "ENABLED" };
  const split = splitStream(stream, groupId(10), CHILDREN, 1_500_000, 2_000);
  assert.deepEqual(split.shards, [
    { group: 10, at: 0, after: 1_000_000, closed: { ms: 2_000, last: 1_500_000 } },
    { group: 11, at: 0, after: 1_500_000, parent: 10 }, { group: 12, at: MIDDLE, after: 1_500_000, parent: 10 },
  ]);
  assert.equal(splitStream(split, groupId(10), CHILDREN, 1_600_000, 2_100), split, "a shard is closed once");
  const early = splitStream(stream, groupId(10), CHILDREN, 999_999, 2_000);
  assert.deepEqual(early.shards, [
    { group: 11, at: 0, after: 1_000_000 }, { group: 12, at: MIDDLE, after: 1_000_000 },
  ], "what was split before the stream began has no shard");
});

test("switching off closes the shards; they go a day later, and the stream with them", () => {
  const table = { partitions: [partition(10)] } as unknown as TableSchema;
  const on = withNewStream(table, "NEW_IMAGE", 1_000);
  const stream = settledStream(on.stream as TableStream, new Map(), 1_001);
  assert.equal(stream.status, "ENABLED");
  const ends = new Map<GroupId, number>([[groupId(10), 1_200_000]]);
  const off = settledStream({ ...stream, status: "DISABLING" }, ends, 2_000);
  assert.deepEqual([off.status, off.shards[0]?.closed], ["DISABLED", { ms: 2_000, last: 1_200_000 }]);
  const again = withNewStream({ ...on, stream: off }, "KEYS_ONLY", 1_000);
  assert.equal(again.stream?.createdMs, 1_001, "no two streams of a table have one label");
  assert.deepEqual(again.oldStreams, [off]);
  assert.equal(withoutOldStreams(again, 2_099, 100), again);
  const later = withoutOldStreams(again, 2_100, 100);
  assert.deepEqual([later.oldStreams, later.stream], [undefined, again.stream], "open shards stay");
  assert.deepEqual(withoutOldStreams({ ...on, stream: off }, 2_100, 100).stream?.shards, [], "the last label stays");
});

test("a shard whose parent is too old to be listed has none", () => {
  const stream: TableStream = { ...newStream("KEYS_ONLY", 1_000, [partition(10)]), status: "ENABLED" };
  const split = splitStream(stream, groupId(10), CHILDREN, 1_500_000, 2_000);
  const table = withoutOldStreams({ stream: split } as unknown as TableSchema, 3_000, 1_000);
  assert.deepEqual(table.stream?.shards.map(({ group, parent }) => [group, parent]), [[11, undefined], [12, undefined]]);
});

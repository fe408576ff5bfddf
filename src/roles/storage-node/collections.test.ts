import assert from "node:assert/strict";
import { test } from "node:test";
import { groupId, HASH_POINT_END, hashPoint, lsn, nodeId, tableId } from "../../base/ids.ts";
import { Prng } from "../../base/prng.ts";
import type { Item } from "../../model/attribute-value.ts";
import { encodeItem } from "../../model/item-codec.ts";
import { itemSize } from "../../model/item-size.ts";
import { addressOf, collectionKey } from "../../model/key-encoding.ts";
import type { WriteOperation } from "../../model/operation.ts";
import type { TableSchema } from "../../model/table-schema.ts";
import type { GroupHost } from "../../replication/group-host.ts";
import { LeaderSession } from "../../replication/leader-session.ts";
import type { NodeReplicator } from "../../replication/node-replicator.ts";
import { EventLoop } from "../../sim/world/event-loop.ts";
import { SimClock } from "../../sim/world/sim-clock.ts";
import { SimKv, SIM_KV_DEFAULT } from "../../sim/world/sim-kv.ts";
import { openItemTree } from "../../storage/tree/item-tree.ts";
import { TREE_DEFAULT } from "../../storage/tree/tree-options.ts";
import { REQUEST, type WorkOutcome } from "../../wire/data-messages.ts";
import { COLLECTION_BYTES_MAX, encodeCollection } from "./collections.ts";
import { LedPartitions } from "./led-partition.ts";
import { Writes } from "./writes.ts";
import { RECORD_BYTES_MAX } from "../../storage/wal/segment-format.ts";

const PARTITION = { group: groupId(16), from: hashPoint(0), to: HASH_POINT_END, replicas: [nodeId(1)] };
const TABLE = {
  id: tableId(7), name: "t", version: 1, hashKey: { name: "pk", type: "S" }, rangeKey: { name: "sk", type: "S" },
  localIndexes: [{
    name: "by-n", rangeKey: { name: "n", type: "N" }, projection: { kind: "KEYS_ONLY", attributes: [] },
  }],
  partitions: [PARTITION],
} as unknown as TableSchema;

const ITEM: Item = { pk: { S: "p" }, sk: { S: "s" }, n: { N: "1" }, v: { S: "some more" } };
/** The item, and its row with the three keys. */
const BYTES = itemSize(ITEM) + itemSize({ pk: { S: "p" }, sk: { S: "s" }, n: { N: "1" } });

function operationOf(kind: "put" | "delete", sk: string): WriteOperation {
  const address = addressOf(TABLE, { S: "p" }, { S: sk });
  const item: Item = { ...ITEM, sk: { S: sk } };
  const base = {
    table: TABLE, address, condition: null, returnValues: "NONE", returnOldOnFailure: false,
  } as const;
  return kind === "delete" ? { kind, ...base }
    : { kind, ...base, itemBytes: encodeItem(item, itemSize(item), address.key), itemSize: itemSize(item) };
}

/** A led partition whose collection "p" is said to have so many bytes; runs writes and gives their outcomes. */
function ledWith(bytes: number): (operation: WriteOperation) => WorkOutcome {
  const clock = new SimClock(new EventLoop(), 1, { startMs: 0, rate: 1, wallOffsetMs: 0 });
  const opened = openItemTree(new SimKv("kv", clock, new Prng(1), SIM_KV_DEFAULT), clock, TREE_DEFAULT, { event: () => undefined });
  assert.ok(opened.ok);
  const { tree } = opened;
  const row = collectionKey(addressOf(TABLE, { S: "p" }, { S: "s" }).key);
  tree.apply(PARTITION.group, lsn(1), [{ key: row, value: encodeCollection(row, bytes) }], { items: 0, bytes: 0 });
  const session = new LeaderSession(RECORD_BYTES_MAX);
  const host = { group: PARTITION.group, session, isClosed: false, core: { isLeaseLive: () => true } } as unknown as GroupHost;
  const placed = { placementOf: () => null, childrenOf: () => [], schemaOf: () => null };
  const answers: WorkOutcome[] = [];
  const writes = new Writes({
    clock, tree, placed, replicator: { wake: () => undefined } as unknown as NodeReplicator,
    led: new LedPartitions(tree, placed, clock), answer: (_, outcome) => answers.push(outcome), onDamage: ({ message }) => assert.fail(message),
  });
  let at = 1;
  return (operation) => {
    writes.write(host, { kind: REQUEST, from: nodeId(9), id: 1, group: PARTITION.group, work: operation, bytesMax: 0 }, operation);
    session.propose((payload) => {
      at++;
      tree.apply(PARTITION.group, lsn(at), payload.mutations, payload);
      return { lsn: lsn(at) } as never;
    });
    session.settle(lsn(at));
    const answer = answers.pop();
    assert.ok(answer !== undefined);
    return answer;
  };
}

test("each write tells what its collection has", () => {
  const write = ledWith(0);
  const bytesAfter = (operation: WriteOperation): number | undefined => {
    const outcome = write(operation);
    assert.equal(outcome.kind, "written");
    return outcome.kind === "written" ? outcome.collectionBytes : undefined;
  };
  assert.deepEqual(["put", "put", "delete"].map((kind) => bytesAfter(operationOf(kind as "put", "s"))), [BYTES, BYTES, 0]);
  assert.deepEqual(["1", "2", "3"].map((sk) => bytesAfter(operationOf("put", sk))), [BYTES, 2 * BYTES, 3 * BYTES]);
  assert.equal(bytesAfter(operationOf("delete", "absent")), 3 * BYTES);
});

test("a collection grows up to 10 GB and no further; it can shrink and grow again", () => {
  const write = ledWith(COLLECTION_BYTES_MAX - BYTES);
  assert.equal(write(operationOf("put", "s")).kind, "written");
  assert.equal(write(operationOf("put", "s")).kind, "written", "one that does not grow");
  assert.equal(write(operationOf("put", "x")).kind, "collection-too-large");
  assert.equal(write(operationOf("delete", "s")).kind, "written");
  assert.equal(write(operationOf("put", "x")).kind, "written");
});

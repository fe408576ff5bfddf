// Requests that meet a split, a moved system group, or a deleted table.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  groupId, hashPoint, HASH_POINT_END, lsn, nodeId, storageKey, SYSTEM_GROUP, tableId, type NodeId,
} from "../../base/ids.ts";
import type { GetOperation, Outcome, ScanOperation } from "../../model/operation.ts";
import type { Partition, TableSchema } from "../../model/table-schema.ts";
import { ManualClock } from "../../ports/contract/manual-clock.ts";
import {
  CATALOGUE, CATALOGUE_ASK, REPLY, REQUEST, type NodeMessage, type Request, type WorkOutcome,
} from "../../wire/data-messages.ts";
import { Router } from "./role.ts";

const NODES = [1, 2, 3].map(nodeId);
const MIDDLE = hashPoint(2 ** 47);
const PARENT: Partition = { group: groupId(16), from: hashPoint(0), to: HASH_POINT_END, replicas: NODES };
const LEFT: Partition = { group: groupId(17), from: hashPoint(0), to: MIDDLE, replicas: NODES, parent: PARENT.group };
const RIGHT: Partition = { group: groupId(18), from: MIDDLE, to: HASH_POINT_END, replicas: NODES, parent: PARENT.group };
const TABLE: TableSchema = {
  id: tableId(1), name: "t", hashKey: { name: "k", type: "S" }, rangeKey: null, status: "ACTIVE", version: 3, createdMs: 0, uuid: "u",
  billing: { mode: "PAY_PER_REQUEST", readUnits: 0, writeUnits: 0 }, deletionProtection: false, tableClass: null, partitions: [PARENT],
};
const MOVED: WorkOutcome = { kind: "moved", partitions: [LEFT, RIGHT] };
const LATER: WorkOutcome = { kind: "redirect", leader: null, reason: "election" };

function get(point: number): GetOperation {
  return { kind: "get", table: TABLE, address: { key: storageKey(`k${point}`), point: hashPoint(point) }, isStrong: true, projection: null };
}

function item(size: number): Outcome {
  return { kind: "item", json: null, exists: true, size };
}

function page(count: number): Outcome {
  return { kind: "page", runs: [], count, scanned: count, scannedBytes: count, lastKey: null };
}

class Bench {
  readonly clock: ManualClock = new ManualClock();
  readonly sent: { to: NodeId; message: NodeMessage }[] = [];
  readonly outcomes: Outcome[] = [];
  readonly router: Router = new Router({
    self: nodeId(40_000), clock: this.clock, network: { send: (to, message: NodeMessage) => void this.sent.push({ to, message }) },
    random: { u32: () => 1, below: () => 0, bytes: (length) => new Uint8Array(length) }, metadataNodes: NODES, nearNode: null,
  });
  #seen = 0;

  constructor() {
    this.tell(5, [PARENT]);
  }

  tell(version: number, partitions: readonly Partition[] | null, system: readonly NodeId[] = NODES): void {
    this.router.onMessage({
      kind: CATALOGUE, from: nodeId(1), version: lsn(version), isAuthoritative: true, nodes: [],
      tables: partitions === null ? [] : [{ ...TABLE, version, partitions }],
      system: { group: SYSTEM_GROUP, from: hashPoint(0), to: HASH_POINT_END, replicas: system },
    });
  }

  start(operation: Parameters<Router["execute"]>[0]): void {
    this.router.execute(operation, (outcome) => void this.outcomes.push(outcome));
  }

  /** The requests since the last call. */
  requests(): { to: NodeId; request: Request }[] {
    const list = this.sent.slice(this.#seen).flatMap(({ to, message }) => (message.kind === REQUEST ? [{ to, request: message }] : []));
    this.#seen = this.sent.length;
    return list;
  }

  answer({ to, request }: { to: NodeId; request: Request }, outcome: WorkOutcome): void {
    this.router.onMessage({ kind: REPLY, from: to, id: request.id, outcome });
  }

  /** Answers the one request that is under way. */
  answerOne(outcome: WorkOutcome): Request {
    const [only, ...others] = this.requests();
    assert.ok(only);
    assert.deepEqual(others, []);
    this.answer(only, outcome);
    return only.request;
  }
}

test("a request that meets a split goes to the child of its point, first to whoever led the parent", () => {
  const bench = new Bench();
  bench.start(get(1));
  bench.answerOne({ kind: "redirect", leader: nodeId(3), reason: "" });
  bench.answerOne(MOVED);
  const [again] = bench.requests();
  assert.deepEqual([again?.to, again?.request.group], [3, LEFT.group]);
  assert.ok(again);
  bench.answer(again, item(1));
  assert.deepEqual(bench.outcomes, [item(1)]);
  bench.start({ ...get(2 ** 47), table: bench.router.lookupTable("t") as TableSchema });
  assert.equal(bench.answerOne(item(2)).group, RIGHT.group, "the next request knows the children");
});

test("a batch is shared out anew, each outcome at its place", () => {
  const bench = new Bench();
  const points = [2 ** 47 + 5, 1, 2 ** 47 + 6, 2];
  bench.start({ kind: "batch-get", gets: points.map(get) });
  bench.answerOne(MOVED);
  const requests = bench.requests();
  assert.deepEqual(requests.map(({ request }) => request.group), [RIGHT.group, LEFT.group]);
  const sizes = (request: Request): WorkOutcome => ({
    kind: "many", outcomes: request.work.kind === "get-many" ? request.work.gets.map(({ address }) => item(address.point)) : [],
  });
  for (const sent of requests.reverse()) bench.answer(sent, sizes(sent.request));
  assert.deepEqual(bench.outcomes, [{ kind: "items", outcomes: points.map(item) }]);
});

test("a scan reads each half once, also when an older catalogue comes in between", () => {
  const bench = new Bench();
  const scan: ScanOperation = {
    kind: "scan", table: TABLE, fromPoint: hashPoint(0), toPoint: HASH_POINT_END,
    page: { isForward: true, limit: null, after: null, filter: null, projection: null, isCountOnly: true, isStrong: true },
  };
  bench.start(scan);
  bench.answerOne(MOVED);
  const left = bench.answerOne(page(3));
  assert.deepEqual(left.work.kind === "scan" && [left.work.fromPoint, left.work.toPoint], [0, MIDDLE]);
  bench.tell(6, [PARENT]);
  const right = bench.requests()[0];
  assert.ok(right);
  bench.answer(right, LATER);
  bench.clock.advance(50);
  const parent = bench.answerOne(MOVED);
  assert.deepEqual(parent.work.kind === "scan" && [parent.group, parent.work.fromPoint, parent.work.toPoint], [PARENT.group, MIDDLE, HASH_POINT_END]);
  assert.equal(bench.answerOne(page(4)).group, RIGHT.group);
  assert.deepEqual(bench.outcomes, [page(7)]);
});

test("children that do not fit are not taken; the request ends within its deadline", () => {
  const bench = new Bench();
  for (const partitions of [[], [LEFT], [LEFT, { ...RIGHT, from: hashPoint(MIDDLE + 1) }], [{ ...LEFT, replicas: [] }, RIGHT], [PARENT]]) {
    bench.start(get(1));
    for (let i = 0; i < 1_000; i++) {
      for (const sent of bench.requests()) bench.answer(sent, { kind: "moved", partitions });
      bench.clock.advance(20);
    }
  }
  assert.deepEqual(bench.outcomes.map(({ kind }) => kind), Array.from({ length: 5 }, () => "unavailable"));
  assert.deepEqual(bench.router.lookupTable("t")?.partitions, [PARENT]);
});

test("a request that rests while its group is retired goes on to the children", () => {
  const bench = new Bench();
  bench.start(get(2 ** 47 + 1));
  bench.answerOne(LATER);
  bench.tell(6, [LEFT, RIGHT]);
  bench.clock.advance(20);
  assert.equal(bench.answerOne(item(1)).group, RIGHT.group);
  assert.deepEqual(bench.outcomes, [item(1)]);
});

test("a request to a table that was deleted meanwhile is told so at once", () => {
  const bench = new Bench();
  bench.start(get(1));
  bench.answerOne(LATER);
  bench.tell(6, null);
  bench.clock.advance(20);
  assert.deepEqual(bench.outcomes, [{ kind: "table-not-found", name: "t" }]);
});

test("a leader is remembered until it has no replica any more", () => {
  const bench = new Bench();
  const first = (partition: Partition): NodeId | undefined => {
    bench.start({ ...get(1), table: { ...TABLE, partitions: [partition] } });
    const [sent] = bench.requests();
    if (sent !== undefined) bench.answer(sent, item(1));
    return sent?.to;
  };
  bench.start(get(1));
  bench.answerOne({ kind: "redirect", leader: nodeId(3), reason: "" });
  bench.answerOne(item(1));
  const grown = { ...PARENT, joining: [nodeId(4)] };
  bench.tell(6, [grown]);
  assert.equal(first(grown), 3, "other replicas changed");
  const without = { ...PARENT, replicas: [1, 2, 4].map(nodeId) };
  bench.tell(7, [without]);
  assert.equal(first(without), 1);
});

test("the counters of a split partition are those of its children", () => {
  const bench = new Bench();
  bench.start({ kind: "describe-table", name: "t" });
  bench.answerOne(MOVED);
  for (const sent of bench.requests()) bench.answer(sent, { kind: "status", applied: lsn(1), items: 2, bytes: 10 });
  const [outcome] = bench.outcomes;
  assert.deepEqual(outcome?.kind === "table" && [outcome.itemCount, outcome.sizeBytes], [4, 20]);
});

test("the system group is asked where it is now; where it began when it is silent", () => {
  const bench = new Bench();
  bench.tell(6, [PARENT], [4, 5, 6].map(nodeId));
  const asked = (ms: number): readonly NodeId[] => {
    const from = bench.sent.length;
    bench.clock.advance(ms);
    return [...new Set(bench.sent.slice(from).filter(({ message }) => message.kind === CATALOGUE_ASK).map(({ to }) => to))].sort();
  };
  asked(20);
  assert.deepEqual(asked(2_000), [4, 5, 6]);
  assert.deepEqual(asked(6_000), [1, 2, 3, 4, 5, 6]);
  bench.requests();
  bench.router.askControlPlane({ kind: "describe" }, () => undefined);
  assert.equal(bench.requests()[0]?.to, 4);
});

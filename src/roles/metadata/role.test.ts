// The role with a system group of one that commits when the test says so.
import assert from "node:assert/strict";
import { test } from "node:test";
import { lsn, nodeId, SYSTEM_GROUP, type NodeId, type StorageKey } from "../../base/ids.ts";
import { Prng } from "../../base/prng.ts";
import { ManualClock } from "../../ports/contract/manual-clock.ts";
import type { Waiter } from "../../replication/leader-session.ts";
import {
  CATALOGUE, NODE_BEAT, REQUEST, type CatalogueMessage, type NodeMessage, type Reply, type Work, type WorkOutcome,
} from "../../wire/data-messages.ts";
import type { Mutation } from "../../wire/log-record.ts";
import { MetadataRole } from "./role.ts";

const SELF = nodeId(1);
const ROUTER = nodeId(40_000);

class Bench {
  readonly clock: ManualClock = new ManualClock();
  readonly sent: { to: NodeId; message: NodeMessage }[] = [];
  readonly role: MetadataRole;
  readonly host = {
    group: SYSTEM_GROUP, members: [SELF], leader: SELF as NodeId | null, appliedLsn: lsn(0), core: { isLeaseLive: () => true },
    session: null as null | { add: (key: StorageKey, value: Uint8Array | null, items: number, bytes: number, waiter: Waiter) => void },
  };
  #open: { row: Mutation; waiter: Waiter }[] = [];
  #id = 1;

  constructor() {
    const prng = new Prng(1);
    this.role = new MetadataRole({
      self: SELF, clock: this.clock, nodes: [1, 2, 3].map(nodeId), partitionsPerTable: 2,
      network: { send: (to: NodeId, message: NodeMessage) => void this.sent.push({ to, message }) },
      random: { u32: () => prng.u32(), below: (bound: number) => prng.below(bound), bytes: (length: number) => prng.bytes(length) },
      replicator: { host: () => this.host, wake: () => undefined } as never, tree: { scan: () => null } as never,
    });
    assert.equal(this.role.load(lsn(0)), null);
  }

  lead(): void {
    this.host.session = { add: (key, value, _items, _bytes, waiter) => void this.#open.push({ row: { key, value }, waiter }) };
    this.role.onLeadership(this.host as never);
  }

  /** Commits what was added since, as one entry; false: nothing was. */
  commit(): boolean {
    const batch = this.#open;
    this.#open = [];
    if (batch.length === 0) return false;
    this.host.appliedLsn = lsn(this.host.appliedLsn + 1);
    for (const { waiter } of batch) waiter.settled(true);
    this.role.onApplied(this.host as never, { mutations: batch.map(({ row }) => row), items: 0, bytes: 0 });
    return true;
  }

  settle(): void {
    for (let i = 0; i < 20; i++) {
      this.clock.advance(20);
      this.commit();
    }
  }

  ask(work: Work): number {
    const id = this.#id++;
    this.role.onRequest({ kind: REQUEST, from: ROUTER, id, group: SYSTEM_GROUP, work, bytesMax: 0 });
    return id;
  }

  outcome(id: number): WorkOutcome | undefined {
    return this.sent.map(({ message }) => message as Reply).find((reply) => reply.id === id && "outcome" in reply)?.outcome;
  }

  catalogues(to: NodeId): readonly CatalogueMessage[] {
    return this.sent.flatMap(({ to: node, message }) => (node === to && message.kind === CATALOGUE ? [message] : []));
  }

  beat(from: number): void {
    this.role.onBeat({ kind: NODE_BEAT, from: nodeId(from), incarnation: 1, replicas: 0, led: 0, unheard: [] });
  }
}

const CREATE: Work = {
  kind: "table-work", operation: {
    kind: "create-table", definition: {
      name: "t", hashKey: { name: "k", type: "S" }, rangeKey: null, deletionProtection: false, tableClass: null, partitionCount: null,
      billing: { mode: "PAY_PER_REQUEST", readUnits: 0, writeUnits: 0 },
    },
  },
};

test("nothing is published before there is something to publish, and then never anything older", () => {
  const bench = new Bench();
  bench.role.onCatalogueAsk(ROUTER);
  bench.clock.advance(100);
  assert.deepEqual(bench.catalogues(ROUTER), [], "an empty catalogue is none");
  bench.lead();
  bench.role.onCatalogueAsk(ROUTER);
  bench.settle();
  const id = bench.ask(CREATE);
  bench.settle();
  assert.equal(bench.outcome(id)?.kind, "table");
  const told = bench.catalogues(ROUTER);
  assert.ok(told.length >= 2);
  for (const [i, message] of told.entries()) {
    assert.ok(message.version >= (told[i - 1]?.version ?? 1), "versions only grow");
    assert.deepEqual(message.nodes.map((node) => node.id), [1, 2, 3]);
    assert.deepEqual(message.system.replicas, [1, 2, 3]);
    assert.equal(message.isAuthoritative, true);
  }
  assert.equal(told.at(-1)?.tables.length, 1);
  const before = told.length;
  bench.role.onCatalogueAsk(nodeId(40_001));
  bench.clock.runTurn();
  assert.equal(bench.catalogues(ROUTER).length, before, "who asks is answered alone");
  assert.equal(bench.catalogues(nodeId(40_001)).length, 1);
});

test("operations that come before the first rows, or to a follower, are kept or sent on", () => {
  const bench = new Bench();
  const early = bench.ask(CREATE);
  assert.deepEqual(bench.outcome(early), { kind: "redirect", leader: SELF, reason: "another node leads the system group" });
  bench.lead();
  const kept = bench.ask(CREATE);
  assert.equal(bench.outcome(kept), undefined);
  bench.settle();
  assert.equal(bench.outcome(kept)?.kind, "table");
});

test("registrations, commands and the description go through the leader; a removed node is told", () => {
  const bench = new Bench();
  bench.lead();
  bench.settle();
  const joined = bench.ask({ kind: "register", uuid: "0123456789abcdef", zone: "az9", address: "h:1", capacity: 5 });
  bench.settle();
  const outcome = bench.outcome(joined);
  assert.equal(outcome?.kind === "registered" && outcome.node.id, 4);
  bench.beat(4);
  const described = bench.ask({ kind: "describe" });
  const text = bench.outcome(described);
  const cluster = JSON.parse(text?.kind === "described" ? text.json : "null") as ReturnType<MetadataRole["describe"]>;
  assert.deepEqual(cluster.nodes.map(({ id, zone, life }) => [id, zone, life]), [
    [1, "az1", "up"], [2, "az2", "unknown"], [3, "az3", "unknown"], [4, "az9", "up"],
  ]);
  assert.equal(cluster.isLeader, true);
  assert.deepEqual(cluster.system.replicas, [1, 2, 3]);
  const removed = bench.ask({ kind: "admin", command: { kind: "remove-node", node: nodeId(4) } });
  bench.settle();
  assert.equal(bench.outcome(removed)?.kind, "done");
  bench.clock.advance(2_000);
  for (let i = 0; i < 5; i++) bench.beat(4);
  bench.clock.runTurn();
  assert.equal(bench.catalogues(nodeId(4)).length, 1, "once a second at most");
  assert.deepEqual(bench.catalogues(nodeId(4))[0]?.nodes.map(({ id }) => id), [1, 2, 3]);
  const unknown = bench.ask({ kind: "status" });
  assert.equal(bench.outcome(unknown)?.kind, "invalid");
});

test("losing the lead refuses what waits, and asks nobody any more", () => {
  const bench = new Bench();
  bench.lead();
  bench.settle();
  const first = bench.ask(CREATE);
  const second = bench.ask(CREATE);
  bench.host.session = null;
  bench.host.leader = nodeId(2);
  bench.role.onLeadership(bench.host as never);
  assert.equal(bench.outcome(first), undefined, "its fate is open until the log says");
  assert.deepEqual(bench.outcome(second), { kind: "redirect", leader: 2, reason: "another node leads the system group" });
  const { length } = bench.sent;
  bench.clock.advance(5_000);
  assert.equal(bench.sent.length, length);
});

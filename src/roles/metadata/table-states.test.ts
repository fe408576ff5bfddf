import assert from "node:assert/strict";
import { test } from "node:test";
import { lsn, nodeId, type NodeId } from "../../base/ids.ts";
import { ManualClock } from "../../ports/contract/manual-clock.ts";
import { REPLY, type NodeMessage, type Request } from "../../wire/data-messages.ts";
import type { TableSchema } from "../../model/table-schema.ts";
import { Asks } from "./asks.ts";
import { Catalogue } from "./catalogue.ts";
import { ClusterView } from "./cluster-view.ts";
import { Draft } from "./draft.ts";
import type { Life } from "./liveness.ts";
import { embeddedNodes, planFirstRows } from "./plan-nodes.ts";
import { planCreate, planDelete, planStatus } from "./plan-table.ts";
import { TableStates } from "./table-states.ts";

const NODES = [1, 2, 3, 4].map(nodeId);

class Bench {
  readonly clock: ManualClock = new ManualClock();
  readonly catalogue: Catalogue = new Catalogue();
  readonly lives: Map<NodeId, Life> = new Map();
  readonly sent: { to: NodeId; request: Request }[] = [];
  readonly asks: Asks = new Asks(nodeId(9), this.clock, {
    send: (to, message: NodeMessage) => void this.sent.push({ to, request: message as Request }),
  }, 1);
  served = 0;
  readonly states: TableStates = new TableStates(this.asks, () => void this.served++);

  constructor() {
    for (const row of planFirstRows(this.catalogue, embeddedNodes(NODES), NODES.slice(0, 3))) this.catalogue.apply(row);
    const plan = planCreate(this.catalogue, {
      name: "t", hashKey: { name: "k", type: "S" }, rangeKey: null, deletionProtection: false, tableClass: null, partitionCount: 2,
      billing: { mode: "PAY_PER_REQUEST", readUnits: 0, writeUnits: 0 },
    }, { view: this.view(), nowMs: 0, uuid: () => "u", partitionsPerTable: 1 });
    assert.equal(plan.kind, "plan");
    if (plan.kind === "plan") for (const row of plan.rows) this.catalogue.apply(row);
  }

  view(): ClusterView {
    return new ClusterView(this.catalogue, (node) => this.lives.get(node) ?? "up");
  }

  look(): boolean {
    this.asks.sweep(this.clock.monotonicMs());
    const draft = new Draft(this.catalogue);
    const isBusy = this.states.look(this.catalogue, draft, this.view(), this.clock.monotonicMs(), this.clock.wallMs());
    for (const row of draft.rows()) assert.equal(this.catalogue.apply(row), null);
    return isBusy;
  }

  get groups(): readonly number[] {
    return this.catalogue.table("t")?.partitions.map(({ group }) => group) ?? [];
  }
}

test("a table is ACTIVE when a leader serves each partition, and gone when it is deleted", () => {
  const bench = new Bench();
  assert.equal(bench.look(), true);
  assert.equal(bench.sent.length, 6, "all replicas are asked, once");
  bench.look();
  assert.equal(bench.sent.length, 6);
  for (const group of bench.groups) {
    assert.equal(bench.catalogue.table("t")?.status, "CREATING");
    const sent = bench.sent.find(({ request }) => request.group === group);
    assert.ok(sent);
    const answer = { kind: REPLY, from: sent.to, id: sent.request.id, outcome: { kind: "status", applied: lsn(1), items: 0, bytes: 0 } } as const;
    bench.asks.onReply({ ...answer, from: nodeId(8) });
    assert.equal(bench.served, bench.groups.indexOf(group), "an answer of somebody else is nobody's");
    bench.asks.onReply(answer);
    bench.look();
  }
  assert.equal(bench.catalogue.table("t")?.status, "ACTIVE");
  assert.equal(bench.look(), false);
  const deletion = planDelete(bench.catalogue, "t");
  if (deletion.kind === "plan") for (const row of deletion.rows) bench.catalogue.apply(row);
  assert.equal(bench.look(), true);
  assert.equal(bench.catalogue.table("t"), null);
});

test("partitions that were never served are begun anew, with new groups, once one of their nodes is lost", () => {
  const bench = new Bench();
  const before = bench.groups;
  for (let ms = 0; ms < 20_000; ms += 100) {
    bench.look();
    bench.clock.advance(100);
  }
  assert.deepEqual(bench.groups, before, "all may yet come");
  const lost = bench.catalogue.table("t")?.partitions[0]?.replicas[1];
  assert.ok(lost !== undefined);
  bench.lives.set(lost, "down");
  bench.look();
  for (const { group, replicas } of bench.catalogue.table("t")?.partitions ?? []) {
    assert.equal(replicas.includes(lost), false);
    assert.equal(replicas.length, 3);
    if (before.includes(group)) continue;
    assert.ok(group > Math.max(...before), "an id that no group had");
  }
  assert.notDeepEqual(bench.groups, before);
  assert.ok(bench.catalogue.counters.nextGroup > Math.max(...bench.groups));
  bench.look();
  assert.equal(bench.sent.at(-1)?.request.group, bench.groups.at(-1), "the new ones are asked after");
});

test("a changed table is UPDATING for a while, whatever else is written of it, then ACTIVE; and again", () => {
  const bench = new Bench();
  const table = (): TableSchema => {
    const known = bench.catalogue.table("t");
    assert.ok(known !== null);
    return known;
  };
  const put = (status: TableSchema["status"]): void => {
    for (const row of planStatus(table(), status).rows) bench.catalogue.apply(row);
  };
  for (let i = 0; i < 2; i++) {
    put("UPDATING");
    assert.equal(bench.look(), true);
    bench.clock.advance(249);
    put("UPDATING");
    assert.equal(bench.look(), true);
    assert.equal(table().status, "UPDATING");
    bench.clock.advance(1);
    bench.look();
    assert.equal(table().status, "ACTIVE");
  }
  assert.equal(bench.look(), false);
});

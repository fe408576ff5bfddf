// What becomes of replicas when nodes are lost, restarted, drained, and partitions split, under writes: production
// nodes with the production control plane in virtual time.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Prng } from "../base/prng.ts";
import { tableBounds } from "../model/key-encoding.ts";
import { must } from "../base/assert.ts";
import { SYSTEM_GROUP } from "../base/ids.ts";
import { hostsOf } from "../model/table-schema.ts";
import { CALM_LINK, MESSY_LINK, NodeWorld } from "./node-world.fuzz.ts";

const SEED: number = Number(process.env["STATOR_TEST_SEED"] ?? Math.floor(Math.random() * 2 ** 32));
const ZONES = ["a", "b", "c", "a", "b", "c"];

function world(seed: number, pageBytes = 600): NodeWorld {
  const made = new NodeWorld({ seed, zones: ZONES, pageBytes });
  made.start();
  made.startWriting(60);
  made.run(500);
  return made;
}

function settle(w: NodeWorld, what: string): void {
  w.until(what, 60_000, () => w.isWhole());
  w.stopWriting();
  w.until(`${what}, at rest`, 20_000, () => w.isWhole());
  w.readAll();
  w.until(`${what}, at rest after reads`, 20_000, () => w.isWhole());
  for (const partition of must(w.table()).partitions) w.compareTrees(partition);
  assert.ok(w.writes > 50, `seed ${SEED}`);
}

test("a node that restarts serves again from its own log", () => {
  const w = world(SEED);
  const [first] = w.partition().replicas;
  w.powerOff(must(first));
  w.run(100);
  w.powerOn(must(first));
  settle(w, "all is back");
});

test("the replica of a lost node is built anew in its zone, and the node finds itself without it when it comes back", () => {
  for (const index of [0, 1]) {
    const w = world(SEED + index);
    const lost = must(w.partition().replicas[index]);
    w.powerOff(lost);
    w.until("another node takes its place", 60_000, () => !hostsOf(w.partition()).includes(lost) && w.isWhole());
    const zones = w.partition().replicas.map((id) => ZONES[id - 1]);
    assert.equal(new Set(zones).size, 3, `zones ${zones}`);
    w.powerOn(lost);
    w.run(6_000);
    assert.equal(w.node(lost).replicator.host(w.partition().group), null, `seed ${SEED}`);
    const { from, to } = tableBounds(must(w.table()).id);
    const left = w.node(lost).tree.digest(from, to);
    assert.equal("items" in left ? left.items : -1, 0, `seed ${SEED}: rows are left on node ${lost}`);
    settle(w, "healed");
  }
});

test("a partition splits under writes, and splits again", () => {
  const w = world(SEED);
  w.admin({ kind: "split-partition", group: w.partition().group, at: null });
  w.until("two partitions", 20_000, () => w.table()?.partitions.length === 2);
  w.run(300);
  w.admin({ kind: "split-partition", group: w.partition(1).group, at: null });
  w.until("three partitions", 20_000, () => w.table()?.partitions.length === 3);
  settle(w, "split twice");
  const sizes = must(w.table()).partitions.map(({ group, replicas }) => w.node(must(replicas[0])).tree.counters(group).items);
  assert.ok(sizes.every((items) => items > 0), `sizes ${sizes}`);
});

test("a system group that loses a node is healed and goes on", () => {
  const w = world(SEED);
  w.powerOff(2);
  w.until("another node is in the system group", 60_000, () => {
    const host = w.node(1).replicator.host(SYSTEM_GROUP);
    return host !== null && !host.configuration.replicas.some(({ node }) => node === 2) && host.members.length === 3;
  });
  w.powerOff(1);
  w.run(3_000);
  w.admin({ kind: "split-partition", group: w.partition().group, at: null });
  w.until("a split without the first nodes", 30_000, () => w.table()?.partitions.length === 2);
  w.powerOn(1);
  w.powerOn(2);
  settle(w, "all is back");
});

test("a node whose clock runs unlike the others' leads nothing until it does again", () => {
  for (const rate of [0.7, 1.4]) {
    const w = new NodeWorld({ seed: SEED, zones: ["a", "b", "c"], pageBytes: 600 });
    w.start();
    w.startWriting(60);
    w.run(1_000);
    const wrong = must([1, 2, 3].find((id) => w.leadsOf(id).includes(SYSTEM_GROUP)));
    w.setClockRate(wrong, rate);
    w.until("it leads nothing", 10_000, () => w.leadsOf(wrong).length === 0);
    w.run(1_000);
    const writes = w.writes;
    for (let i = 0; i < 20; i++) {
      w.run(50);
      assert.deepEqual(w.leadsOf(wrong), [], `seed ${SEED}, rate ${rate}`);
    }
    assert.ok(w.writes > writes, "the others serve");
    w.setClockRate(wrong, 1);
    const other = must([1, 2, 3].find((id) => id !== wrong));
    w.run(3_000);
    w.powerOff(other);
    w.until("it leads again when it must", 20_000, () => w.leadsOf(wrong).length > 0 || w.writes > writes + 500);
    w.powerOn(other);
    settle(w, "the clocks agree");
  }
});

test("a link that only one node lacks is told of in its beat", () => {
  const w = new NodeWorld({ seed: SEED, zones: ["a", "b", "c"], pageBytes: 600 });
  w.start();
  const leader = must([1, 2, 3].find((id) => w.leadsOf(id).includes(w.partition().group)));
  const deaf = must([1, 2, 3].find((id) => id !== leader && w.leadsOf(id).length === 0));
  w.network.cut(must(w.machines[leader - 1]).id, must(w.machines[deaf - 1]).id);
  const isTold = (): boolean => w.telemetry.counts.has("link: others hear a peer that this node does not");
  w.until("the broken link is noticed", 10_000, isTold);
  assert.ok(w.leadsOf(leader).length > 0, "nobody's leadership is disturbed");
  w.network.heal();
  w.until("and that it works again", 10_000, () => w.telemetry.counts.has("link: a peer is heard again"));
});

test("random moves, splits and restarts under a messy network lose nothing", () => {
  for (let round = 0; round < 4; round++) {
    const seed = SEED + round;
    const prng = new Prng(seed).split("plan");
    const w = world(seed, prng.pick([200, 600, 4_000]));
    w.network.setFaults(MESSY_LINK);
    for (let step = 0; step < 12; step++) {
      const partition = w.partition(prng.below(must(w.table()).partitions.length));
      const id = 1 + prng.below(ZONES.length);
      const off = w.machines.filter((machine) => !w.isOn(machine.id));
      switch (prng.below(5)) {
        case 0: {
          const from = prng.pick([...partition.replicas]);
          const to = w.machines.find((machine) => !hostsOf(partition).includes(machine.id) && ZONES[machine.id - 1] === ZONES[from - 1]);
          if (to === undefined) break;
          askSoon(w, { kind: "move-replica", group: partition.group, from, to: to.id });
          break;
        }
        case 1:
          askSoon(w, { kind: "split-partition", group: partition.group, at: null });
          break;
        case 2:
          askSoon(w, { kind: "transfer-leader", group: partition.group, to: prng.pick([...partition.replicas]) });
          break;
        default:
          if (w.isOn(id) && off.length === 0) w.powerOff(id);
          else for (const machine of off) w.powerOn(machine.id);
      }
      w.run(prng.between(5, 400));
    }
    for (const machine of w.machines) if (!w.isOn(machine.id)) w.powerOn(machine.id);
    w.network.setFaults(CALM_LINK);
    settle(w, "all steps are done");
  }
});

/** Once, at any node that may lead the system group; refusals are as good as any answer here. */
function askSoon(w: NodeWorld, command: Parameters<NodeWorld["admin"]>[0]): void {
  for (const { id, node } of w.machines) {
    const host = node?.replicator.host(SYSTEM_GROUP) ?? null;
    if (host !== null && host.session !== null) {
      w.ask(id, SYSTEM_GROUP, { kind: "admin", command });
      return;
    }
  }
}

// A small cluster of production nodes in virtual time, for tests of what happens to replicas: machines with a node
// each, one router beside them, a client that writes and remembers what was acknowledged. More nodes than zones.
import assert from "node:assert/strict";
import { must } from "../base/assert.ts";
import { nodeId, SYSTEM_GROUP, type GroupId, type NodeId } from "../base/ids.ts";
import { Prng } from "../base/prng.ts";
import type { GroupTiming } from "../consensus/ready.ts";
import { rowRanges, spacesOf } from "../model/key-encoding.ts";
import type { Outcome } from "../model/operation.ts";
import type { Partition, TableSchema } from "../model/table-schema.ts";
import { Router } from "../roles/router/role.ts";
import { indexRowsFault } from "../sim/checker/index-rows.ts";
import { resultOf, getOperation, TABLE, writeOperation } from "../sim/workload/operations.ts";
import { EVENT_CLIENT, EventLoop, WORLD } from "../sim/world/event-loop.ts";
import { SimClock } from "../sim/world/sim-clock.ts";
import { SimDisk, SIM_DISK_DEFAULT } from "../sim/world/sim-disk.ts";
import { SimKv } from "../sim/world/sim-kv.ts";
import { SimNetwork, type LinkFaults } from "../sim/world/sim-network.ts";
import { nodeRandom } from "../sim/world/sim-random.ts";
import { TelemetryRecorder } from "../sim/world/sim-telemetry.ts";
import { REPLY, REQUEST, type AdminWork, type NodeMessage, type Reply, type Work, type WorkOutcome } from "../wire/data-messages.ts";
import { buildLimits, openNode, StatorNode } from "./stator-node.ts";

export const ROUTER: NodeId = nodeId(60_000);
const ASKER = nodeId(60_001);
export const CALM_LINK: LinkFaults = {
  delayUsMin: 100, delayUsMax: 400, quantumUs: 50, lossPerMille: 0, duplicatePerMille: 0, slowPerMille: 0, slowUsMax: 1,
};
export const MESSY_LINK: LinkFaults = { ...CALM_LINK, lossPerMille: 20, duplicatePerMille: 20, slowPerMille: 50, slowUsMax: 20_000 };
const TIMING: GroupTiming = { leaseMs: 200, leaseDriftMs: 20, heartbeatMs: 50, electionJitterMs: 50, resendMs: 60 };
const TREE = {
  checkpointBytes: 8 * 1024, overloadBytes: 256 * 1024, sliceBytes: 2048, sliceRows: 20, slicePauseMs: 1, idleMs: 50,
  ageMsMax: 500, cacheBytes: 16 * 1024,
};
const STEP_US = 10_000;

type Machine = {
  readonly id: NodeId;
  readonly disk: SimDisk;
  readonly kv: SimKv;
  life: number;
  clock: SimClock | null;
  node: StatorNode | null;
  failure: string | null;
};

export type WorldOptions = {
  readonly seed: number;
  /** Zone of each node, from node 1 on; the system group begins on the first three. */
  readonly zones: readonly string[];
  readonly pageBytes: number;
};

export class NodeWorld {
  readonly loop: EventLoop = new EventLoop();
  readonly network: SimNetwork<NodeMessage>;
  readonly telemetry: TelemetryRecorder;
  readonly machines: readonly Machine[];
  readonly router: Router;
  /** What was acknowledged last, by item. */
  readonly acknowledged: Map<string, string> = new Map();
  readonly #options: WorldOptions;
  readonly #prng: Prng;
  readonly #replies: Map<number, (outcome: WorkOutcome) => void> = new Map();
  #nextId = 1;
  #writes = 0;
  /** Items with a write of unknown fate, which may take effect at any time. */
  #unknown: Set<string> = new Set();
  #isWriting = false;
  #isBusy = false;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.#prng = new Prng(options.seed);
    this.network = new SimNetwork(this.loop, this.#prng.split("network"), CALM_LINK, {
      digest: (message) => message.kind,
      isOnce: (message) => message.kind === REQUEST || message.kind === REPLY,
    });
    this.telemetry = new TelemetryRecorder(this.loop, () => false);
    const idle = new SimClock(this.loop, WORLD, { startMs: 0, rate: 1, wallOffsetMs: 0 });
    this.machines = options.zones.map((_, i) => {
      const id = nodeId(i + 1);
      const prng = this.#prng.split(`storage ${id}`);
      return {
        id, disk: new SimDisk(`node-${id}`, idle, prng.split("disk"), SIM_DISK_DEFAULT),
        kv: new SimKv(`tree-${id}`, idle, prng.split("kv"), { writeMsMin: 1, writeMsMax: 4 }),
        life: 0, clock: null, node: null, failure: null,
      };
    });
    for (const { disk, kv } of this.machines) {
      disk.powerOff();
      kv.powerOff();
    }
    this.router = new Router({
      self: ROUTER, clock: new SimClock(this.loop, ROUTER, { startMs: 5, rate: 1, wallOffsetMs: 0 }),
      random: nodeRandom(options.seed, ROUTER, 1), network: this.network.port(ROUTER, () => true),
      metadataNodes: this.machines.slice(0, 3).map(({ id }) => id), nearNode: null,
    });
    this.network.attach(ROUTER, (message) => this.router.onMessage(message));
    this.network.attach(ASKER, (message) => {
      if (message.kind === REPLY) this.#onReply(message);
    });
  }

  get nowMs(): number {
    return this.loop.nowUs / 1000;
  }

  powerOn(id: number): void {
    const machine = this.#machine(id);
    assert.equal(machine.clock, null, "it is on");
    const { seed, zones, pageBytes } = this.#options;
    const life = ++machine.life;
    const clock = new SimClock(this.loop, id, { startMs: 1000 * life, rate: 1, wallOffsetMs: 0 });
    machine.clock = clock;
    machine.failure = null;
    machine.disk.powerOn(clock);
    machine.kv.powerOn(clock);
    const self = machine.id;
    const isAlive = (): boolean => machine.clock === clock;
    const random = nodeRandom(seed, self, life);
    openNode({
      self, clock, random, network: this.network.port(self, isAlive), telemetry: this.telemetry.port(self),
      disk: machine.disk, kv: machine.kv, timing: TIMING,
      wal: { node: self, clock, random, segmentBytes: 64 * 1024, batchBytesMax: 64 * 1024, sealDelayMs: 30 },
      tree: TREE, build: { ...buildLimits(TREE), pageBytes, answerMs: 200 },
      nodes: this.machines.map((other) => other.id),
      initialNodes: zones.map((zone, i) => ({ id: nodeId(i + 1), uuid: `u${i}`, zone, address: "", capacity: 100 })),
      liveness: { beatMs: 100, suspectMs: 700, downAfterMs: 1_200 },
      clockWindowMs: 1_000, partitionsPerTable: 1, priorLeasesVoid: false,
      onFailed: ({ message }) => {
        machine.failure = message;
      },
    }, (opened) => {
      if (!isAlive()) return;
      if (!(opened instanceof StatorNode)) {
        machine.failure = opened.message;
        return;
      }
      machine.node = opened;
      this.network.attach(self, (message) => opened.receive(message));
    });
  }

  powerOff(id: number): void {
    const machine = this.#machine(id);
    machine.clock?.stop();
    machine.clock = null;
    machine.node = null;
    this.network.attach(machine.id, null);
    this.loop.drop(machine.id);
    machine.disk.powerOff();
    machine.kv.powerOff();
  }

  setClockRate(id: number, rate: number): void {
    must(this.#machine(id).clock, "it is on").setRate(rate);
  }

  /** Groups that the node leads with a lease that it believes in. */
  leadsOf(id: number): GroupId[] {
    const { node, clock } = this.#machine(id);
    if (node === null || clock === null) return [];
    const led: GroupId[] = [];
    for (const { group, core } of node.replicator.hosts()) if (core.isLeaseLive(clock.monotonicMs())) led.push(group);
    return led;
  }

  isOn(id: number): boolean {
    return this.#machine(id).clock !== null;
  }

  node(id: number): StatorNode {
    return must(this.#machine(id).node, "the node runs");
  }

  /** Runs until `isDone`, looked at every 10 ms; fails with what `describe` says after `limitMs`. */
  until(what: string, limitMs: number, isDone: () => boolean): void {
    const endUs = this.loop.nowUs + limitMs * 1000;
    while (!isDone()) {
      this.checkFailures();
      assert.ok(this.loop.nowUs < endUs, `seed ${this.#options.seed}: not within ${limitMs} ms: ${what}\n${this.describe()}`);
      this.loop.runUntil(this.loop.nowUs + STEP_US);
    }
  }

  run(ms: number): void {
    this.loop.runUntil(this.loop.nowUs + ms * 1000);
    this.checkFailures();
  }

  checkFailures(): void {
    for (const { id, failure } of this.machines) {
      assert.equal(failure, null, `seed ${this.#options.seed}: node ${id} failed`);
    }
    assert.deepEqual(this.telemetry.errors, []);
  }

  describe(): string {
    const lines: string[] = [];
    for (const { id, node } of this.machines) {
      if (node === null) continue;
      for (const host of node.replicator.hosts()) {
        const { core } = host;
        lines.push(`node ${id} group ${host.group}: leader ${host.leader} applied ${host.appliedLsn} last ${core.lastLsn} `
          + `commit ${core.commitLsn} floor ${core.floorLsn} tree ${host.hasTree} live ${host.isTreeLive} split ${host.split?.lsn ?? 0} `
          + JSON.stringify(host.configuration));
      }
    }
    const table = this.table();
    lines.push(JSON.stringify({ partitions: table?.partitions, closed: table?.closed }));
    return lines.join("\n");
  }

  // ---- The cluster.

  start(): void {
    for (const { id } of this.machines) this.powerOn(id);
    this.until("a catalogue", 10_000, () => this.router.isReady);
    let isAsked = false;
    this.until("a table", 10_000, () => {
      if (!isAsked) this.router.execute({ kind: "create-table", definition: TABLE }, () => undefined);
      isAsked = true;
      return this.table()?.status === "ACTIVE";
    });
  }

  table(): TableSchema | null {
    return this.router.isReady ? this.router.lookupTable(TABLE.name) : null;
  }

  partition(index = 0): Partition {
    return must(must(this.table()).partitions[index]);
  }

  /** Asks one node; null: no answer within a second. */
  ask(node: number, group: GroupId, work: Work, bytesMax = 0): WorkOutcome | null {
    const id = this.#nextId++;
    let answer: WorkOutcome | null = null;
    this.#replies.set(id, (outcome) => {
      answer = outcome;
    });
    this.loop.schedule(this.loop.nowUs + 1, EVENT_CLIENT, WORLD, 0, () => {
      this.network.port(ASKER, () => true).send(nodeId(node), { kind: REQUEST, from: ASKER, id, group, work, bytesMax });
    });
    const endUs = this.loop.nowUs + 1_000_000;
    while (answer === null && this.loop.nowUs < endUs) this.loop.runUntil(this.loop.nowUs + 1000);
    this.#replies.delete(id);
    return answer;
  }

  /** Asks the control plane until it accepts. */
  admin(command: AdminWork): void {
    this.until(`the control plane takes ${JSON.stringify(command)}`, 10_000, () => this.machines.some(({ id, node }) => (
      node !== null && this.ask(id, SYSTEM_GROUP, { kind: "admin", command })?.kind === "done"
    )));
  }

  #onReply(reply: Reply): void {
    this.#replies.get(reply.id)?.(reply.outcome);
  }

  // ---- The client: one write after the other, each to its own item or over an older one.

  startWriting(items: number): void {
    this.#isWriting = true;
    this.#isBusy = true;
    this.#writeNext(items);
  }

  /** Returns when the last write is answered. */
  stopWriting(): void {
    this.#isWriting = false;
    this.until("the last write is answered", 20_000, () => !this.#isBusy);
  }

  get writes(): number {
    return this.#writes;
  }

  #writeNext(items: number): void {
    const table = this.table();
    if (!this.#isWriting) {
      this.#isBusy = false;
      return;
    }
    const item = `p${this.#prng.below(items)}/s`;
    const value = `v${++this.#writes}`;
    const again = (): void => void this.loop.schedule(this.loop.nowUs + 2_000, EVENT_CLIENT, WORLD, 0, () => this.#writeNext(items));
    if (table === null) return again();
    this.router.execute(writeOperation(table, item, { kind: "put", value }, { wantsOld: false, fillBytes: 100 }), (outcome) => {
      if (outcome.kind === "written") this.acknowledged.set(item, value);
      else this.#unknown.add(item);
      again();
    });
  }

  /** Reads every item strongly; a write of unknown fate may have won. */
  readAll(): void {
    const table = must(this.table());
    let left = 0;
    const wrong: string[] = [];
    for (const [item, value] of this.acknowledged) {
      left++;
      this.router.execute(getOperation(table, item, true), (outcome: Outcome) => {
        left--;
        const result = resultOf({ kind: "get" }, outcome, false);
        if (result?.kind !== "read" || (result.value !== value && !this.#unknown.has(item))) {
          wrong.push(`${item}: acknowledged ${value}, read ${JSON.stringify(outcome)}`);
        }
      });
    }
    this.until("all reads", 20_000, () => left === 0);
    assert.deepEqual(wrong, [], `seed ${this.#options.seed}`);
  }

  /** Digests of a partition's rows on the nodes that should have them are equal, and every acknowledged item counts. */
  compareTrees(partition: Partition): void {
    const table = must(this.table());
    const ranges = rowRanges(table.id, partition.from, partition.to, spacesOf(table));
    const states = partition.replicas.map((id) => {
      const { tree, replicator } = this.node(id);
      assert.equal(indexRowsFault(tree, table, partition), null, `seed ${this.#options.seed}, node ${id}`);
      const digest = ranges.map(({ from, to }) => tree.digest(from, to));
      return { digest, counters: tree.counters(partition.group), applied: replicator.host(partition.group)?.appliedLsn };
    });
    for (const state of states) {
      assert.deepEqual(state, states[0], `seed ${this.#options.seed}, group ${partition.group}`);
    }
  }

  /** Every partition has three storage replicas on nodes that run, all of them even, and nothing else is hosted. */
  isWhole(): boolean {
    const table = this.table();
    if (table === null || (table.closed?.length ?? 0) > 0) return false;
    const wanted = new Map<string, Partition>();
    for (const partition of table.partitions) {
      if (partition.replicas.length !== 3 || partition.joining !== undefined || partition.logReplicas !== undefined) return false;
      if (partition.leaving !== undefined || partition.splitting !== undefined) return false;
      const applied = new Set<number>();
      for (const id of partition.replicas) {
        const { node } = this.#machine(id);
        const host = node?.replicator.host(partition.group) ?? null;
        if (node === null || host === null || !host.hasTree) return false;
        applied.add(host.appliedLsn).add(host.core.lastLsn);
        wanted.set(`${id}/${partition.group}`, partition);
      }
      if (applied.size !== 1) return false;
    }
    for (const { id, node } of this.machines) {
      for (const host of node?.replicator.hosts() ?? []) {
        if (host.group !== SYSTEM_GROUP && !wanted.has(`${id}/${host.group}`)) return false;
      }
    }
    return true;
  }

  #machine(id: number): Machine {
    return must(this.machines[id - 1], "nodes count from 1");
  }
}

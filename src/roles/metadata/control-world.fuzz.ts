// A whole cluster as the control plane meets it: nodes in zones that come and go, groups that answer late, twice lost
// or with what was true before, and members of the system group that take the lead from one another at any moment.
// Everything of the control plane is the production code; the log of the system group is a list of rows.
import { strict as assert } from "node:assert";
import { groupId, hashPoint, HASH_POINT_END, nodeId, type GroupId, type NodeId } from "../../base/ids.ts";
import { Prng } from "../../base/prng.ts";
import { hostsOf, type NodeState, type Partition, type TableSchema } from "../../model/table-schema.ts";
import { ManualClock } from "../../ports/contract/manual-clock.ts";
import { NODE_BEAT, REPLY, REQUEST, type AdminWork, type NodeMessage, type Request } from "../../wire/data-messages.ts";
import { replicaOf, STORAGE, type Configuration } from "../../wire/group-configuration.ts";
import type { Mutation } from "../../wire/log-record.ts";
import { Catalogue } from "./catalogue.ts";
import { ControlPlane } from "./control-plane.ts";
import { placesOf } from "./draft.ts";
import { FakeGroup, type FakeReplica, type GroupWorld } from "./fake-group.fuzz.ts";
import { Liveness, METADATA_TIMING_DEFAULT } from "./liveness.ts";
import { planAdmin } from "./plan-admin.ts";
import { planRegister, type InitialNode } from "./plan-nodes.ts";
import { planCreate, planDelete } from "./plan-table.ts";

const TIMING = METADATA_TIMING_DEFAULT;
const TICK_MS = 50;
/** A node that is down for so long is known to be down, whoever leads. */
const KNOWN_MS = 20_000;

type Node = { readonly id: NodeId; readonly zone: string; isUp: boolean; sinceMs: number; incarnation: number };
type Member = { readonly catalogue: Catalogue; readonly liveness: Liveness; readonly control: ControlPlane };

export type WorldReport = {
  joins: number; removals: number; splits: number; deposed: number; lost: number; stale: number;
  retired: number; moves: number; tables: number;
};

export class ControlWorld implements GroupWorld {
  readonly prng: Prng;
  readonly clock: ManualClock = new ManualClock();
  readonly report: WorldReport = {
    joins: 0, removals: 0, splits: 0, deposed: 0, lost: 0, stale: 0, retired: 0, moves: 0, tables: 0,
  };
  readonly #trace: ((line: string) => void) | null;
  readonly #nodes: Map<NodeId, Node> = new Map();
  readonly #members: Member[] = [];
  readonly #groups: Map<GroupId, FakeGroup> = new Map();
  /** Committed by the system group, in order, and taken over by all members that are told. */
  readonly #truth: Catalogue = new Catalogue();
  /** What operators set, and when. */
  readonly #states: Map<NodeId, { readonly state: NodeState; readonly sinceMs: number }> = new Map();
  /** Where the catalogue last placed a group. */
  readonly #hosts: Map<GroupId, readonly NodeId[]> = new Map();
  #leading: number | null = null;
  #isBusy = false;
  #isCalm = false;
  #names = 0;

  constructor(seed: number, trace: ((line: string) => void) | null) {
    this.prng = new Prng(seed);
    this.#trace = trace;
    const zones = this.prng.between(3, 4);
    const count = zones + this.prng.between(1, 5);
    const initial: InitialNode[] = [];
    for (let i = 0; i < count; i++) {
      const id = nodeId(i + 1);
      const zone = `z${i % zones}`;
      initial.push({ id, uuid: `0000000000000000${i}`, zone, address: `h${i}:1`, capacity: 1_000 });
      this.#nodes.set(id, { id, zone, isUp: true, sinceMs: 0, incarnation: 0 });
    }
    const systemReplicas = [nodeId(1), nodeId(2), nodeId(3)];
    for (let i = 0; i < 3; i++) this.#addMember(i, initial, systemReplicas);
    this.#groups.set(groupId(1), new FakeGroup(this, {
      group: groupId(1), from: hashPoint(0), to: HASH_POINT_END, replicas: systemReplicas,
    }, true));
  }

  #addMember(index: number, initialNodes: readonly InitialNode[], systemReplicas: readonly NodeId[]): void {
    const catalogue = new Catalogue();
    const self = nodeId(60_001 + index); // a member is not a node here: it leads whatever happens to the nodes
    const liveness = new Liveness(self, TIMING, 0);
    const control = new ControlPlane({
      self, clock: this.clock, network: { send: (to, message) => this.#send(index, to, message) }, catalogue, liveness,
      timing: TIMING, initialNodes, systemReplicas, firstId: index * 1_000_000_000 + 1,
      isLeading: () => this.#leading === index, isBusy: () => this.#isBusy,
      commit: (rows) => this.#commit(index, rows),
    });
    this.#members.push({ catalogue, liveness, control });
  }

  // ---- For the groups.

  now(): number {
    return this.clock.monotonicMs();
  }

  isUp(node: NodeId): boolean {
    return this.#nodes.get(node)?.isUp === true;
  }

  after(delayMs: number, callback: () => void): void {
    this.clock.setTimer(delayMs, callback);
  }

  onCommitted(group: FakeGroup, before: Configuration, after: Configuration): void {
    this.#say(`group ${group.group}: epoch ${after.epoch}: ${after.replicas.map(({ node, kind, votes }) => (
      `${node}${kind === STORAGE ? "" : "log"}${votes ? "" : "?"}`)).join(" ")}`);
    for (const { node } of after.replicas) if (replicaOf(before, node) === null) this.report.joins++;
    for (const replica of before.replicas) {
      if (replicaOf(after, replica.node) !== null) continue;
      this.report.removals++;
      const isKeptUp = replica.votes && replica.kind === STORAGE && this.isUp(replica.node);
      const storage = after.replicas.filter(({ kind, votes }) => kind === STORAGE && votes).length;
      const upMs = this.now() - (this.#nodes.get(replica.node)?.sinceMs ?? 0);
      if (isKeptUp && upMs > KNOWN_MS && group.split === null) {
        assert.ok(storage >= 3, `group ${group.group}: a living replica is given up without a whole one in its place`);
      }
    }
    this.#checkZones(group, before, after);
  }

  /**
   * Nobody gets a vote in the zone of a voter that lasts while three zones are known to be up. A learner may get there:
   * the request that lets it in may come late, when its plan was given up.
   */
  #checkZones(group: FakeGroup, before: Configuration, after: Configuration): void {
    const added = after.replicas.find(({ node, votes }) => votes && replicaOf(before, node)?.votes === false);
    if (added === undefined || !this.#hasCalmZones()) return;
    const partition = placesOf(this.#truth).find((place) => place.partition.group === group.group)?.partition;
    const zone = this.#nodes.get(added.node)?.zone;
    for (const { node, votes } of before.replicas) {
      const other = this.#nodes.get(node);
      if (!votes || other?.zone !== zone || other === undefined || !this.#isLasting(other, partition)) continue;
      assert.fail(`group ${group.group}: nodes ${node} and ${added.node} share ${zone}`);
    }
  }

  #isLasting(node: Node, partition: Partition | undefined): boolean {
    const known = this.#states.get(node.id);
    return node.isUp && this.now() - node.sinceMs > KNOWN_MS && known?.state === "active"
      && this.now() - known.sinceMs > KNOWN_MS && partition?.leaving?.includes(node.id) !== true;
  }

  #hasCalmZones(): boolean {
    const zones = new Set<string>();
    for (const node of this.#nodes.values()) {
      const isPart = this.#truth.node(node.id)?.state === "active";
      if (isPart && node.isUp && this.now() - node.sinceMs > KNOWN_MS) zones.add(node.zone);
    }
    return zones.size >= 3;
  }

  onSplit(group: FakeGroup, children: readonly Partition[]): void {
    this.report.splits++;
    this.#say(`group ${group.group} splits into ${children.map((child) => child.group).join(" and ")}`);
    for (const child of children) this.#groups.set(child.group, new FakeGroup(this, child, false));
  }

  // ---- The system group.

  #commit(index: number, rows: readonly Mutation[]): void {
    assert.equal(this.#isBusy, false, "one change at a time");
    this.#isBusy = true;
    const isLost = !this.#isCalm && this.prng.chance(1, 30);
    this.after(this.prng.between(1, 20), () => {
      this.#isBusy = false;
      if (isLost && this.#leading === index) this.#depose();
      if (isLost || this.#leading !== index) {
        if (this.prng.chance(1, 2)) return; // the next leader may, or may not, find the entry
      }
      for (const row of rows) {
        assert.equal(this.#truth.apply(row), null);
        for (const { catalogue } of this.#members) catalogue.apply(row);
      }
      this.#follow();
    });
  }

  #depose(): void {
    if (this.#leading === null) return;
    this.#members[this.#leading]?.control.end();
    this.#leading = null;
    this.report.deposed++;
  }

  #lead(): void {
    if (this.#leading !== null || this.#isBusy) return;
    this.#leading = this.prng.below(this.#members.length);
    this.#members[this.#leading]?.control.begin();
  }

  /** Nodes open and drop replicas by the catalogue; groups that are in it no more are gone. */
  #follow(): void {
    for (const { id, state } of this.#truth.nodes()) {
      if (this.#states.get(id)?.state !== state) this.#states.set(id, { state, sinceMs: this.now() });
    }
    const placed = new Map<GroupId, Partition>();
    for (const table of this.#truth.tables()) {
      for (const partition of [...table.partitions, ...(table.closed ?? [])]) placed.set(partition.group, partition);
    }
    if (this.#truth.system !== null) placed.set(groupId(1), this.#truth.system);
    for (const [group, partition] of placed) {
      let fake = this.#groups.get(group);
      if (fake === undefined) {
        assert.equal(partition.parent, undefined, "a child is made by its parent's entry");
        fake = new FakeGroup(this, partition, true);
        this.#groups.set(group, fake);
      }
    }
    for (const [group, fake] of this.#groups) {
      const partition = placed.get(group);
      if (partition !== undefined) this.#place(fake, partition);
      else if (!this.#isPlanned(group)) this.#retire(fake);
    }
  }

  #isPlanned(group: GroupId): boolean {
    return this.#truth.tables().some(({ partitions }) => partitions.some(({ splitting }) => (
      splitting?.left === group || splitting?.right === group
    )));
  }

  #place(fake: FakeGroup, partition: Partition): void {
    const hosts = hostsOf(partition);
    this.#hosts.set(fake.group, hosts);
    for (const node of fake.replicas.keys()) {
      if (hosts.includes(node)) continue;
      assert.notEqual(replicaOf(fake.configuration, node)?.votes, true, `group ${fake.group}: voter ${node} is dropped`);
      fake.replicas.delete(node);
    }
    for (const node of hosts) {
      const isChild = fake.group === partition.group && partition.parent !== undefined
        && replicaOf(fake.configuration, node)?.votes === true && this.#hosts.get(partition.parent)?.includes(node);
      if (fake.replicas.has(node) || isChild) continue; // a child's replica comes with the parent's entry
      const replica: FakeReplica = { hasTree: false, caughtUpMs: this.now(), hasAppliedSplit: false };
      fake.replicas.set(node, replica);
      this.#build(fake, node, replica);
    }
  }

  #build(fake: FakeGroup, node: NodeId, replica: FakeReplica): void {
    this.after(this.prng.between(500, 4_000), () => {
      if (fake.replicas.get(node) !== replica) return;
      if (this.isUp(node) && fake.leader !== null && replicaOf(fake.configuration, node) !== null) replica.hasTree = true;
      else this.#build(fake, node, replica);
    });
  }

  /** The catalogue forgot the group: no child may still need its entry. */
  #retire(fake: FakeGroup): void {
    this.#groups.delete(fake.group);
    this.report.retired++;
    for (const child of fake.split?.children ?? []) {
      const group = this.#groups.get(child.group);
      if (group === undefined || !this.#truth.tables().some(({ partitions }) => (
        partitions.some((partition) => partition.group === child.group)))) continue;
      for (const { node, votes } of group.configuration.replicas) {
        const isDue = votes && this.#hosts.get(fake.group)?.includes(node);
        assert.ok(!isDue || group.replicas.has(node), `group ${child.group}: node ${node} never took the split`);
      }
    }
  }

  // ---- The network.

  #send(index: number, to: NodeId, message: NodeMessage): void {
    assert.equal(message.kind, REQUEST);
    assert.equal(this.#leading, index, "only the leader asks for steps");
    const request = message as Request;
    if (this.#isLostNow()) return;
    this.after(this.#delay(), () => {
      const group = this.#groups.get(request.group);
      if (!this.isUp(to) || group === undefined) return;
      group.request(to, request.work, (outcome) => {
        if (this.#isLostNow()) return;
        this.after(this.#delay(), () => {
          this.#members[index]?.control.onReply({ kind: REPLY, from: to, id: request.id, outcome });
        });
      });
    });
  }

  #isLostNow(): boolean {
    const isLost = !this.#isCalm && this.prng.chance(1, 12);
    if (isLost) this.report.lost++;
    return isLost;
  }

  #delay(): number {
    return !this.#isCalm && this.prng.chance(1, 15) ? this.prng.between(100, 6_000) : this.prng.between(1, 8);
  }

  // ---- The run.

  run(chaosMs: number, healMs: number): WorldReport {
    this.#lead();
    this.#advance(500, () => undefined);
    this.#change(() => this.#createTable());
    this.#advance(chaosMs, () => this.#misfortune());
    this.#say("calm");
    this.#isCalm = true;
    const gone = this.prng.chance(1, 2) ? this.prng.pick([...this.#nodes.values()]) : null;
    for (const node of this.#nodes.values()) {
      const isGone = node === gone && !this.#isAloneInZone(node);
      if (node.isUp === isGone) this.#setUp(node, !isGone);
    }
    let left = healMs;
    while (left > 0 && this.#problem() !== null) {
      for (const { id, state } of this.#truth.nodes()) {
        if (state === "draining") this.#change(() => this.#admin({ kind: "drain-node", node: id, isUndone: true }));
      }
      this.#advance(500, () => undefined);
      left -= 500;
    }
    assert.equal(this.#problem(), null, "all is as it should be, some time after the last fault");
    return this.report;
  }

  #advance(ms: number, each: () => void): void {
    for (let at = 0; at < ms; at += TICK_MS) {
      each();
      if (this.#leading === null && (this.#isCalm || this.prng.chance(1, 20))) this.#lead();
      for (const group of this.#groups.values()) {
        group.tick();
        this.#bearChildren(group);
      }
      if (this.now() % TIMING.beatMs < TICK_MS) this.#beat();
      this.clock.advance(TICK_MS);
    }
  }

  /** Whoever applied the split has the children. */
  #bearChildren(group: FakeGroup): void {
    for (const child of group.split?.children ?? []) {
      const fake = this.#groups.get(child.group);
      for (const [node, replica] of group.replicas) {
        if (fake === undefined || !replica.hasAppliedSplit || fake.replicas.has(node)) continue;
        if (replicaOf(fake.configuration, node) === null) continue;
        fake.replicas.set(node, { hasTree: replica.hasTree, caughtUpMs: this.now(), hasAppliedSplit: false });
      }
    }
  }

  #beat(): void {
    for (const node of this.#nodes.values()) {
      if (!node.isUp) continue;
      for (const { liveness } of this.#members) {
        if (this.#isLostNow()) continue;
        liveness.onBeat({
          kind: NODE_BEAT, from: node.id, incarnation: node.incarnation, replicas: 0, led: 0, unheard: [],
        }, this.now());
      }
    }
  }

  #misfortune(): void {
    const { prng } = this;
    const node = prng.pick([...this.#nodes.values()]);
    if (prng.chance(1, 60) && node.isUp && this.#mayFall(node)) this.#setUp(node, false);
    if (prng.chance(1, 100) && !node.isUp) this.#setUp(node, true);
    if (prng.chance(1, 120)) this.#depose();
    if (prng.chance(1, 80)) {
      this.report.stale++;
      prng.pick([...this.#groups.values()]).depose(true);
    }
    if (!prng.chance(1, 40)) return;
    const places = placesOf(this.#truth).filter(({ isClosed }) => !isClosed);
    if (places.length === 0) return;
    const { partition } = prng.pick(places);
    const { group } = partition;
    const from = prng.pick(partition.replicas);
    const commands: readonly (() => readonly Mutation[])[] = [
      () => this.#admin({ kind: "split-partition", group, at: null }),
      () => this.#admin({ kind: "split-partition", group, at: null }),
      () => this.#admin({ kind: "move-replica", group, from, to: node.id }),
      () => this.#admin({ kind: "drain-node", node: node.id, isUndone: prng.chance(2, 3) }),
      () => this.#admin({ kind: "transfer-leader", group, to: from }),
      () => (this.#isAloneInZone(node) ? [] : this.#admin({ kind: "remove-node", node: node.id })),
      () => this.#createTable(),
      () => this.#deleteTable(),
      () => this.#register(),
    ];
    this.#change(prng.pick(commands));
  }

  /** Without it the cluster would have lost a zone for good. */
  #isAloneInZone(node: Node): boolean {
    return ![...this.#nodes.values()].some((other) => (
      other !== node && other.zone === node.zone && this.#truth.node(other.id)?.state === "active"
    ));
  }

  /** Mostly faults that a group survives: at most one node of each group's voters is away. */
  #mayFall(node: Node): boolean {
    if (this.prng.chance(1, 6)) return true;
    for (const group of this.#groups.values()) {
      if (group.voters.includes(node.id) && group.voters.some((other) => other !== node.id && !this.isUp(other))) {
        return false;
      }
    }
    return true;
  }

  #setUp(node: Node, isUp: boolean): void {
    this.#say(`node ${node.id} is ${isUp ? "up" : "down"}`);
    node.isUp = isUp;
    node.sinceMs = this.now();
    node.incarnation++;
  }

  #change(rowsOf: () => readonly Mutation[]): void {
    const member = this.#leading;
    if (member === null || this.#isBusy) {
      this.after(20, () => this.#change(rowsOf));
      return;
    }
    const rows = rowsOf();
    if (rows.length > 0) this.#commit(member, rows);
  }

  #leader(): Member {
    return this.#members[this.#leading ?? 0] as Member;
  }

  #admin(command: AdminWork): readonly Mutation[] {
    const { catalogue, control } = this.#leader();
    const plan = planAdmin(catalogue, command, control.view());
    this.#say(`${JSON.stringify(command)}: ${plan.kind}`);
    if (plan.kind !== "plan") return [];
    if (command.kind === "move-replica") this.report.moves++;
    return plan.rows;
  }

  #createTable(): readonly Mutation[] {
    const { catalogue, control } = this.#leader();
    if (catalogue.tableCount >= 4) return [];
    this.report.tables++;
    const plan = planCreate(catalogue, {
      name: `t${this.#names++}`, hashKey: { name: "k", type: "S" }, rangeKey: null, deletionProtection: false,
      tableClass: null, partitionCount: this.prng.between(1, 4),
      billing: { mode: "PAY_PER_REQUEST", readUnits: 0, writeUnits: 0 },
    }, { view: control.view(), nowMs: 0, uuid: () => "u", partitionsPerTable: 1 });
    return plan.kind === "plan" ? plan.rows : [];
  }

  #deleteTable(): readonly Mutation[] {
    const { catalogue } = this.#leader();
    const tables = catalogue.tables();
    if (tables.length < 2) return [];
    const plan = planDelete(catalogue, (this.prng.pick(tables) as TableSchema).name);
    return plan.kind === "plan" ? plan.rows : [];
  }

  #register(): readonly Mutation[] {
    const { catalogue } = this.#leader();
    if (this.#nodes.size > 14) return [];
    const zone = this.prng.pick([...this.#nodes.values()]).zone;
    const plan = planRegister(catalogue, {
      kind: "register", uuid: `1111111111111111${this.#names++}`, zone, address: "h:1", capacity: 1_000,
    }, () => "up");
    if (plan.kind !== "plan" || plan.outcome.kind !== "registered") return [];
    const { id } = plan.outcome.node;
    this.#nodes.set(id, { id, zone, isUp: true, sinceMs: this.now(), incarnation: 0 });
    return plan.rows;
  }

  // ---- What must be so in the end.

  #problem(): string | null {
    const { system } = this.#truth;
    if (system === null) return "no system group";
    for (const table of this.#truth.tables()) {
      if (table.status !== "ACTIVE") return `table ${table.name} is ${table.status}`;
      if (table.closed !== undefined) return `table ${table.name} has closed partitions`;
      for (const partition of table.partitions) {
        const problem = this.#problemOf(partition);
        if (problem !== null) return problem;
      }
    }
    return this.#problemOf(system);
  }

  #problemOf(partition: Partition): string | null {
    const { group, replicas, joining, leaving, logReplicas, splitting } = partition;
    const fake = this.#groups.get(group);
    const who = `group ${group}`;
    if (joining !== undefined || leaving !== undefined || logReplicas !== undefined) return `${who} changes`;
    if (splitting !== undefined) return `${who} is to be split`;
    if (fake === undefined || fake.leader === null) return `${who} has no leader`;
    if (fake.leader !== replicas[0]) return `${who} is led by ${fake.leader}`;
    const inForce = fake.configuration.replicas.filter(({ votes, kind }) => votes && kind === STORAGE);
    if (inForce.length !== 3 || replicas.length !== 3) return `${who} has ${replicas.length} replicas`;
    if (!inForce.every(({ node }) => replicas.includes(node))) return `${who}: the catalogue is wrong`;
    if (!replicas.every((node) => this.isUp(node))) return `${who} has a replica on a node that is down`;
    const zones = new Set(replicas.map((node) => this.#nodes.get(node)?.zone));
    return zones.size === 3 ? null : `${who} shares a zone`;
  }

  describe(): string {
    const { control } = this.#leader();
    const creating = this.#truth.tables().filter(({ status }) => status === "CREATING");
    return creating.map((table) => JSON.stringify(table)).join("\n") + placesOf(this.#truth).map(({ partition, isClosed }) => (
      `${isClosed ? "closed " : ""}${JSON.stringify(partition)} ${control.words(partition.group)}`
      + ` (${this.#groups.get(partition.group)?.describe() ?? "no group"})`
    )).join("\n") + `\n${this.#problem()}`;
  }

  #say(line: string): void {
    this.#trace?.(`${this.now()} ${line}`);
  }
}


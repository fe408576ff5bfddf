// A replication group as the control plane meets it: it elects, changes its configuration one step at a time, splits
// and builds trees, without any log. It fails where a request breaks a rule of the real thing.
import { strict as assert } from "node:assert";
import { epoch, lsn, type GroupId, type Lsn, type NodeId } from "../../base/ids.ts";
import type { Prng } from "../../base/prng.ts";
import type { Partition } from "../../model/table-schema.ts";
import type { GroupStatusOutcome, Work, WorkOutcome } from "../../wire/data-messages.ts";
import { initialConfiguration, replicaOf, STORAGE, type Configuration } from "../../wire/group-configuration.ts";

export type GroupWorld = {
  readonly prng: Prng;
  now(): number;
  isUp(node: NodeId): boolean;
  after(delayMs: number, callback: () => void): void;
  onCommitted(group: FakeGroup, before: Configuration, after: Configuration): void;
  onSplit(group: FakeGroup, children: readonly Partition[]): void;
};

type Pending = { readonly configuration: Configuration; readonly done: (outcome: WorkOutcome) => void };

/** What one replica is; a node without one has no entry. */
export type FakeReplica = { hasTree: boolean; caughtUpMs: number; hasAppliedSplit: boolean };

const NOT_HERE: WorkOutcome = { kind: "redirect", leader: null, reason: "the group is not on this node" };

export class FakeGroup {
  readonly group: GroupId;
  readonly range: Partition;
  configuration: Configuration;
  leader: NodeId | null = null;
  /** Was deposed and does not know it: answers as it last was. */
  stale: { readonly node: NodeId; readonly configuration: Configuration; readonly untilMs: number } | null = null;
  readonly replicas: Map<NodeId, FakeReplica> = new Map();
  split: { readonly children: readonly Partition[]; readonly at: Lsn } | null = null;
  readonly #world: GroupWorld;
  readonly #bornMs: number;
  #pending: Pending | null = null;
  #electionAt = 0;

  constructor(world: GroupWorld, partition: Partition, hasTrees: boolean) {
    this.#world = world;
    this.group = partition.group;
    this.range = partition;
    this.#bornMs = world.now();
    this.configuration = initialConfiguration(partition.replicas);
    const own = (hasTree: boolean): FakeReplica => ({ hasTree, caughtUpMs: world.now(), hasAppliedSplit: false });
    if (hasTrees) for (const node of partition.replicas) this.replicas.set(node, own(true));
  }

  /** The LSN grows with time while somebody leads. */
  get last(): Lsn {
    return lsn(1 + Math.floor((this.#world.now() - this.#bornMs) / 10));
  }

  get voters(): readonly NodeId[] {
    return this.configuration.replicas.filter(({ votes }) => votes).map(({ node }) => node);
  }

  hasQuorum(configuration: Configuration = this.configuration): boolean {
    const voters = configuration.replicas.filter(({ votes }) => votes);
    const up = voters.filter(({ node }) => this.#world.isUp(node) && this.replicas.has(node));
    return up.length > voters.length / 2;
  }

  describe(): string {
    const replicas = this.configuration.replicas.map(({ node, kind, votes }) => {
      const own = this.replicas.get(node);
      const state = own === undefined ? "none" : `${own.hasTree ? "tree" : ""}${own.hasAppliedSplit ? "split" : ""}`;
      return `${node}${kind === STORAGE ? "" : "log"}${votes ? "" : "?"}${this.#world.isUp(node) ? "" : "!"}:${state}`;
    });
    return `leader ${this.leader}, epoch ${this.configuration.epoch}, ${replicas.join(" ")}`;
  }

  tick(): void {
    const { prng } = this.#world;
    const now = this.#world.now();
    if (this.stale !== null && now > this.stale.untilMs) this.stale = null;
    if (this.leader !== null && (!this.#world.isUp(this.leader) || !this.hasQuorum())) this.depose(false);
    if (this.leader === null && now >= this.#electionAt && this.hasQuorum()) this.#elect();
    for (const { node, kind } of this.configuration.replicas) {
      const replica = this.replicas.get(node);
      if (replica === undefined || !this.#world.isUp(node) || this.leader === null) continue;
      if (this.split !== null && !replica.hasAppliedSplit && prng.chance(1, 4)) replica.hasAppliedSplit = true;
      if (kind === STORAGE) replica.hasTree = true;
    }
  }

  /** `isUnaware`: the old leader goes on answering for a while. A change under way is kept or lost. */
  depose(isUnaware: boolean): void {
    const { prng } = this.#world;
    const { leader } = this;
    if (leader === null) return;
    const now = this.#world.now();
    if (isUnaware) this.stale = { node: leader, configuration: this.configuration, untilMs: now + prng.between(100, 2_000) };
    this.leader = null;
    this.#electionAt = now + prng.between(100, 1_500);
    const pending = this.#pending;
    this.#pending = null;
    if (pending !== null && prng.chance(1, 2) && this.hasQuorum(pending.configuration)) this.#commit(pending.configuration);
  }

  #elect(): void {
    const able = this.configuration.replicas.filter(({ node, kind, votes }) => (
      votes && kind === STORAGE && this.#world.isUp(node) && this.replicas.get(node)?.hasTree === true
    ));
    if (able.length > 0) this.leader = this.#world.prng.pick(able).node;
  }

  /** Null: no answer ever comes. `done` may be called later. */
  request(node: NodeId, work: Work, done: (outcome: WorkOutcome) => void): void {
    if (!this.replicas.has(node)) return done(NOT_HERE);
    if (work.kind === "group-status") return done(this.#status(node));
    if (node === this.stale?.node) return; // it proposes, and nothing ever commits
    if (node !== this.leader) return done({ kind: "redirect", leader: this.leader, reason: "not the leader" });
    switch (work.kind) {
      case "status":
        return done({ kind: "status", applied: this.last, items: 0, bytes: 0 });
      case "transfer": {
        const target = replicaOf(this.configuration, work.to);
        if (target === null || target.kind !== STORAGE || !target.votes || !this.#world.isUp(work.to)) {
          return done({ kind: "not-now", reason: "cannot lead" });
        }
        this.leader = work.to;
        return done({ kind: "done" });
      }
      case "reconfigure":
        return this.#reconfigure(node, { epoch: epoch(work.epoch + 1), replicas: work.replicas }, done);
      case "split":
        return this.#split(work.at, work.left, work.right, done);
      default:
        assert.fail(`the control plane asks a group for ${work.kind}`);
    }
  }

  #reconfigure(self: NodeId, next: Configuration, done: (outcome: WorkOutcome) => void): void {
    const now = this.configuration;
    if (next.epoch !== now.epoch + 1) return done({ kind: "not-now", reason: `epoch ${now.epoch}` });
    if (this.#pending !== null) return done({ kind: "not-now", reason: "busy" });
    const own = replicaOf(next, self);
    assert.ok(own?.votes === true && own.kind === STORAGE, "a leader is not asked to demote itself");
    const moved = [...now.replicas, ...next.replicas].filter(({ node }) => (
      (replicaOf(now, node)?.votes === true) !== (replicaOf(next, node)?.votes === true)
    ));
    assert.ok(new Set(moved.map(({ node }) => node)).size <= 1, "one vote at a time");
    for (const { node, votes, kind } of next.replicas) {
      const before = replicaOf(now, node);
      if (before === null) assert.ok(!votes, "nobody votes before it has the log");
      if (votes && before?.votes === false) assert.ok(this.#hasLog(node), "a voter has the log");
      if (kind === STORAGE && before?.kind !== STORAGE) {
        assert.ok(this.replicas.get(node)?.hasTree === true, `group ${this.group}: storage replica ${node} has a tree`);
      }
    }
    this.#pending = { configuration: next, done };
    this.#world.after(this.#world.prng.between(1, 200), () => this.#settle());
  }

  #settle(): void {
    const pending = this.#pending;
    if (pending === null || this.leader === null) return;
    if (!this.hasQuorum(pending.configuration)) {
      this.#world.after(100, () => this.#settle());
      return;
    }
    this.#pending = null;
    this.#commit(pending.configuration);
    pending.done({ kind: "done" });
  }

  #commit(next: Configuration): void {
    const before = this.configuration;
    this.configuration = next;
    this.#world.onCommitted(this, before, next);
  }

  #split(at: number | null, left: GroupId, right: GroupId, done: (outcome: WorkOutcome) => void): void {
    if (this.split !== null) return done({ kind: "moved", partitions: this.split.children });
    if (this.#pending !== null) return done({ kind: "not-now", reason: "busy" });
    if (this.#world.prng.chance(1, 3)) return done({ kind: "not-now", reason: "fewer than two keys" });
    const { from, to } = this.range;
    const middle = (at ?? Math.floor((from + to) / 2)) as Partition["from"];
    const storage = this.configuration.replicas.filter(({ kind, votes }) => kind === STORAGE && votes);
    const others = this.configuration.replicas.filter((replica) => !storage.includes(replica)).map(({ node }) => node);
    const members = { replicas: storage.map(({ node }) => node), ...(others.length > 0 ? { joining: others } : {}) };
    const children = [
      { group: left, from, to: middle, ...members, parent: this.group },
      { group: right, from: middle, to, ...members, parent: this.group },
    ];
    this.split = { children, at: this.last };
    this.#world.onSplit(this, children);
    done({ kind: "moved", partitions: children });
  }

  #match(node: NodeId): Lsn {
    return this.#hasLog(node) && this.#world.isUp(node) ? this.last : lsn(0);
  }

  #hasLog(node: NodeId): boolean {
    const replica = this.replicas.get(node);
    return replica !== undefined && this.#world.now() - replica.caughtUpMs > 100;
  }

  #status(node: NodeId): GroupStatusOutcome {
    const isStale = node === this.stale?.node;
    const isLeader = isStale || node === this.leader;
    const inForce = node === this.leader ? this.#pending?.configuration ?? this.configuration : this.configuration;
    const configuration = isStale ? this.stale?.configuration ?? inForce : inForce;
    const replica = this.replicas.get(node);
    const splitLsn = this.split !== null && replica?.hasAppliedSplit === true ? this.split.at : lsn(0);
    const applied = this.split !== null && splitLsn === 0 ? lsn(this.split.at - 1) : this.last;
    const others = configuration.replicas.filter((other) => other.node !== node);
    const peers = isLeader ? others.map((other) => ({
      node: other.node, match: this.#match(other.node), silentMs: this.#world.isUp(other.node) ? 10 : 60_000,
    })) : [];
    const hasAll = configuration.replicas.every((other) => this.replicas.get(other.node)?.hasAppliedSplit === true);
    return {
      kind: "group-status", isLeader, leader: isStale ? node : this.leader, configuration,
      isConfigurationCommitted: configuration === this.configuration || isStale, last: this.last, commit: this.last, applied,
      floor: this.split !== null && !hasAll ? lsn(this.split.at - 1) : this.last,
      hasTree: replica?.hasTree === true, items: 0, bytes: 0, splitLsn, barred: [], peers,
    };
  }
}

// Which groups this node takes part in. Those in its own log are opened at the start, without the catalogue, so that
// a node that comes back serves although the system group is away. Afterwards views of the catalogue that were vouched
// for rule: what they place here is joined, what they do not place here any more is dropped.
//
// Invariants:
//   - a group begins with a configuration from the catalogue only at a member of its first one that never was in it;
//     every other group that this node's log does not know is joined: its leader says where the log begins
//   - children of a split begin with the parent's entry, never with the catalogue, while the parent is here
//   - rows are dropped only when the log says durably that the group is gone, and never those of another replica here
import { must } from "../base/assert.ts";
import { reached } from "../base/buggify.ts";
import { ballotFrom, lsn, SYSTEM_GROUP, type GroupId, type NodeId, type TableId } from "../base/ids.ts";
import type { RecoveredGroup } from "../consensus/ready.ts";
import { spacesOf } from "../model/key-encoding.ts";
import { hostsOf, type Partition, type TableSchema } from "../model/table-schema.ts";
import type { Clock } from "../ports/clock.ts";
import type { Telemetry } from "../ports/telemetry.ts";
import type { GroupHost, TreeState } from "../replication/group-host.ts";
import type { NodeReplicator } from "../replication/node-replicator.ts";
import { CATALOGUE_FROM, CATALOGUE_TO } from "../roles/metadata/catalogue.ts";
import { childPartitions } from "../roles/storage-node/moved.ts";
import type { ItemTree } from "../storage/tree/item-tree.ts";
import { configurationRecord } from "../storage/wal/own-records.ts";
import type { Wal } from "../storage/wal/wal.ts";
import type { CatalogueMessage } from "../wire/data-messages.ts";
import { initialConfiguration, replicaOf, type Configuration } from "../wire/group-configuration.ts";
import { placementIn, type Hosted, type Placed, type RowRange } from "./hosted-groups.ts";
import type { RowDrops } from "./row-drops.ts";
import type { TreeBuilds } from "./tree-builds.ts";

export type HostingEnv = {
  readonly self: NodeId;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly wal: Wal;
  readonly tree: ItemTree;
  readonly replicator: NodeReplicator;
  readonly drops: RowDrops;
  readonly builds: TreeBuilds;
};

/** A group that no view of this life has placed here is dropped only when views have not done so for this long. */
const ABSENT_MS = 3_000;

const NOTHING: RecoveredGroup = {
  promised: ballotFrom(0), applied: lsn(0), commit: lsn(0), tail: [], firstOnDisk: lsn(1), configurations: [],
  base: null,
};
const SYSTEM_ROWS: RowRange = { from: CATALOGUE_FROM, to: CATALOGUE_TO };

type Unconfigured = { readonly recovered: RecoveredGroup; readonly tree: TreeState };

export class GroupHosting {
  readonly #env: HostingEnv;
  readonly #hosted: Map<GroupId, Hosted> = new Map();
  /** Replicas whose logs come from before configurations were logged. */
  readonly #unconfigured: Map<GroupId, Unconfigured> = new Map();
  #view: CatalogueMessage | null = null;
  /** Of the view. */
  #schemas: ReadonlyMap<TableId, TableSchema> = new Map();
  readonly #startedMs: number;
  #isSwept = false;

  constructor(env: HostingEnv) {
    this.#env = env;
    this.#startedMs = env.clock.monotonicMs();
  }

  placementOf(group: GroupId): Placed | null {
    return this.#hosted.get(group)?.placed ?? null;
  }

  /** What the newest view has in the place of a split group. */
  childrenOf(group: GroupId): readonly Partition[] {
    for (const table of this.#view?.tables ?? []) {
      const children = table.partitions.filter((partition) => partition.parent === group);
      if (children.length > 0) return children;
    }
    return [];
  }

  schemaOf(table: TableId): TableSchema | null {
    return this.#schemas.get(table) ?? null;
  }

  ownedRanges(): readonly RowRange[] {
    const ranges: RowRange[] = [];
    for (const { placed } of this.#hosted.values()) if (placed !== null) ranges.push(...placed.ranges);
    return ranges;
  }

  // ---- Opening.

  /** A replica that this node's log knows, replayed. Null: it waits for the catalogue. */
  openRecovered(group: GroupId, recovered: RecoveredGroup, tree: TreeState): GroupHost | null {
    if (recovered.configurations.length === 0 && recovered.base === null) {
      this.#unconfigured.set(group, { recovered, tree });
      return null;
    }
    const host = this.#open(group, null, recovered, tree, null);
    // The order of the first configuration is that of preference, and its successors keep it.
    if (host.members[0] === this.#env.self) host.core.campaign(this.#env.clock.monotonicMs());
    return host;
  }

  /** Children that began with a split which was applied before the restart, and wrote nothing themselves. */
  openSilentChildren(): void {
    for (const host of [...this.#env.replicator.hosts()]) if (host.split !== null) this.openChildren(host);
  }

  /** The system group as a cluster begins with it. */
  openSystem(members: readonly NodeId[]): GroupHost {
    const host = this.#openFirst(SYSTEM_GROUP, initialConfiguration(members), null);
    if (members[0] === this.#env.self) host.core.campaign(this.#env.clock.monotonicMs());
    return host;
  }

  /** The children of a split that this replica has applied. One that was dropped since stays away. */
  openChildren(parent: GroupHost): void {
    const { wal, self, tree, replicator, clock, builds } = this.#env;
    const { payload } = must(parent.split, "a split has children");
    const hosted = this.#hosted.get(parent.group);
    if (hosted !== undefined) builds.cancel(hosted);
    if (replicaOf(payload.configuration, self) === null) return;
    const placed = hosted?.placed ?? null;
    const partitions = placed === null ? null : childPartitions(placed.partition, payload);
    const state: TreeState = parent.hasTree ? "whole" : parent.isTreeLive ? "live" : "none";
    [payload.left, payload.right].forEach((group, i) => {
      if (this.#hosted.has(group) || wal.isForgotten(group)) return;
      const partition = partitions === null ? null : must(partitions[i]);
      const place = placed === null || partition === null
        ? null : placementIn(placed.table, partition, placed.spaces);
      const child = this.#open(group, payload.configuration, NOTHING, state, place);
      if (parent.session !== null) child.core.campaign(clock.monotonicMs());
      if (state !== "live") return;
      // The parent's tree was being made durable: the checkpoint that has its mark has the children's too.
      tree.requestCheckpoint(() => {
        if (!child.isRemoved && !child.hasTree) replicator.treeIsWhole(child);
      });
    });
  }

  #open(
    group: GroupId, initial: Configuration | null, recovered: RecoveredGroup, tree: TreeState, placed: Placed | null,
  ): GroupHost {
    this.#hosted.set(group, { group, placed, placedAt: 0, absentSinceMs: null, build: null });
    return this.#env.replicator.addGroup({ group, initial, recovered, tree });
  }

  /** A member of the first configuration. A log from before configurations were logged is told of it now. */
  #openFirst(group: GroupId, configuration: Configuration, placed: Placed | null): GroupHost {
    const known = this.#takeUnconfigured(group);
    if (known === null) return this.#open(group, configuration, NOTHING, "whole", placed);
    const first = { lsn: lsn(0), ballot: ballotFrom(0), configuration };
    this.#env.wal.append(configurationRecord(group, first));
    return this.#open(group, null, { ...known.recovered, configurations: [first] }, known.tree, placed);
  }

  #takeUnconfigured(group: GroupId): Unconfigured | null {
    const known = this.#unconfigured.get(group) ?? null;
    this.#unconfigured.delete(group);
    return known;
  }

  // ---- Following the catalogue.

  /** Takes a view that was vouched for, at least as new as any before. */
  follow(view: CatalogueMessage): void {
    this.#view = view;
    this.#schemas = new Map(view.tables.map((table) => [table.id, table]));
    const now = this.#env.clock.monotonicMs();
    const listed = new Map<GroupId, Partition>();
    const placedHere = new Set<GroupId>();
    const visit = (table: TableSchema | null, partition: Partition, isClosed: boolean): void => {
      listed.set(partition.group, partition);
      if (!hostsOf(partition).includes(this.#env.self)) return;
      placedHere.add(partition.group);
      this.#place(table, partition, isClosed, view);
    };
    visit(null, view.system, false);
    for (const table of view.tables) {
      for (const partition of table.closed ?? []) visit(table, partition, true);
      for (const partition of table.partitions) visit(table, partition, false);
    }
    for (const hosted of this.#hosted.values()) {
      if (placedHere.has(hosted.group)) hosted.absentSinceMs = null;
      else if (this.#isGone(hosted, listed, now)) this.#drop(hosted);
    }
    for (const group of this.#unconfigured.keys()) {
      if (placedHere.has(group) || now - this.#startedMs < ABSENT_MS) continue;
      this.#unconfigured.delete(group);
      this.#env.drops.drop(group, null);
    }
    this.#sweepOnce(now);
    this.considerBuilds();
  }

  /** A change of the replicas here may have made room for a build, or a need for one. */
  considerBuilds(): void {
    for (const hosted of this.#hosted.values()) this.#env.builds.consider(hosted);
  }

  /** What was built of the replica's tree does not fit its log any more. */
  buildAnew(host: GroupHost): void {
    const hosted = this.#hosted.get(host.group);
    if (hosted === undefined) return;
    this.#env.builds.cancel(hosted);
    this.#env.builds.consider(hosted);
  }

  /** A drop that something may have waited for is done. */
  onDropsDone(): void {
    this.#isSwept = false;
    if (this.#view !== null) this.follow(this.#view);
  }

  #place(table: TableSchema | null, partition: Partition, isClosed: boolean, view: CatalogueMessage): void {
    const { group } = partition;
    const { clock, drops, replicator, self, wal } = this.#env;
    const placed = table === null
      ? { table: null, partition, spaces: 1, ranges: [SYSTEM_ROWS] }
      : placementIn(table.id, partition, spacesOf(table));
    let hosted = this.#hosted.get(group);
    if (hosted !== undefined && this.#isOutlived(hosted, partition)) {
      this.#drop(hosted);
      hosted = undefined;
    }
    if (hosted === undefined) {
      const { parent } = partition;
      const first = partition.first ?? ((partition.epoch ?? 1) === 1 ? partition.replicas : []);
      const isFirst = parent === undefined && first.includes(self) && !wal.isForgotten(group);
      // A closed group takes nobody in but a first member that was off since it began, whose children come with its
      // log; nor does a table that goes away.
      if ((isClosed && !isFirst) || table?.status === "DELETING" || drops.isDropping(group)) return;
      const parentHost = parent === undefined ? null : replicator.host(parent);
      if (parentHost !== null && parentHost.split === null) return; // the parent's log will bring it
      if (table !== null && isFirst && partition.replicas.includes(self)) {
        if (partition.first !== undefined) reached("hosting: a first member began late");
        const host = this.#openFirst(group, initialConfiguration(first), placed);
        if (first[0] === self) host.core.campaign(clock.monotonicMs());
      } else if (this.#takeUnconfigured(group) === null) this.#open(group, null, NOTHING, "none", placed);
      else {
        drops.drop(group, null);
        return;
      }
      hosted = must(this.#hosted.get(group));
    }
    hosted.placed = placed;
    hosted.placedAt = view.version;
  }

  /**
   * The replica here was removed while it was away, and a new one is wanted in its place: what the group did since is
   * not to be had with the old log.
   */
  #isOutlived(hosted: Hosted, partition: Partition): boolean {
    const host = this.#env.replicator.host(hosted.group);
    if (host === null || host.core.configuration.epoch >= (partition.epoch ?? 1)) return false;
    const isVoter = partition.replicas.includes(this.#env.self)
      || (partition.logReplicas?.includes(this.#env.self) ?? false);
    return !isVoter && host.replica?.votes === true;
  }

  #isGone(hosted: Hosted, listed: ReadonlyMap<GroupId, Partition>, now: number): boolean {
    const host = this.#env.replicator.host(hosted.group);
    const partition = listed.get(hosted.group);
    if (host !== null && partition !== undefined) {
      // A view may be older than what this replica's own log says. At the same epoch it is the view that tells of a
      // committed configuration: the log's is one that another leader's took the place of.
      const isBehind = host.configuration.epoch > (partition.epoch ?? 1) && host.replica !== null;
      if (isBehind) return false;
    }
    if (partition === undefined && this.#hasOpenParent(hosted.group, listed)) return false;
    hosted.absentSinceMs ??= now;
    return hosted.placedAt !== 0 || now - hosted.absentSinceMs >= ABSENT_MS;
  }

  /** A child that the catalogue does not know of yet, because it does not know that the parent's split is done. */
  #hasOpenParent(group: GroupId, listed: ReadonlyMap<GroupId, Partition>): boolean {
    for (const host of this.#env.replicator.hosts()) {
      if (host.split === null) continue;
      const { left, right } = host.split.payload;
      if (left !== group && right !== group) continue;
      const partition = listed.get(host.group);
      return partition !== undefined && !this.#isListedClosed(host.group);
    }
    return false;
  }

  #isListedClosed(group: GroupId): boolean {
    return (this.#view?.tables ?? []).some((table) => table.closed?.some((closed) => closed.group === group) ?? false);
  }

  #drop(hosted: Hosted): void {
    const { builds, replicator, drops, telemetry } = this.#env;
    const { group } = hosted;
    telemetry.event("info", "hosting", "a replica leaves this node", { group });
    builds.cancel(hosted);
    const wasSplit = (replicator.host(group)?.split ?? null) !== null;
    this.#hosted.delete(group);
    replicator.removeGroup(group);
    drops.drop(group, wasSplit ? null : hosted.placed?.ranges ?? null); // rows of a split group are its children's
  }

  /**
   * Rows that a crash or a split left without an owner: at the start and after each drop, once it is known of each
   * replica which rows are its own.
   */
  #sweepOnce(now: number): void {
    if (this.#isSwept || now - this.#startedMs < ABSENT_MS || this.#unconfigured.size > 0) return;
    for (const { placed } of this.#hosted.values()) if (placed === null) return;
    this.#isSwept = true;
    this.#env.drops.sweep();
  }
}

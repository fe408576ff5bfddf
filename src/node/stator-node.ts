// One node: its log and tree, the groups it hosts, its storage and metadata roles, joined through values in
// `NodeEnv`. The same composition runs in production and in the simulator.
import { SYSTEM_GROUP, type GroupId, type NodeId } from "../base/ids.ts";
import { unreachable } from "../base/assert.ts";
import type { GroupTiming } from "../consensus/ready.ts";
import type { Clock } from "../ports/clock.ts";
import type { Disk } from "../ports/disk.ts";
import type { KvStore } from "../ports/kv-store.ts";
import type { Network } from "../ports/network.ts";
import type { Random } from "../ports/random.ts";
import type { Telemetry } from "../ports/telemetry.ts";
import { ClockGuard } from "../replication/clock-guard.ts";
import type { GroupHost } from "../replication/group-host.ts";
import { NodeReplicator, type ReplicatorListener } from "../replication/node-replicator.ts";
import { recoverGroup } from "../replication/recover-group.ts";
import { replayLog } from "../replication/replay-log.ts";
import type { BuildLimits } from "../replication/tree-build.ts";
import { UnheardPeers } from "../replication/unheard-peers.ts";
import { METADATA_TIMING_DEFAULT, type MetadataTiming } from "../roles/metadata/liveness.ts";
import type { InitialNode } from "../roles/metadata/plan-nodes.ts";
import { MetadataRole } from "../roles/metadata/role.ts";
import type { ExpiryOptions } from "../roles/storage-node/expiry-sweep.ts";
import { StorageNode } from "../roles/storage-node/role.ts";
import { openItemTree, type ItemTree } from "../storage/tree/item-tree.ts";
import type { TreeOptions } from "../storage/tree/tree-options.ts";
import type { RecoveredLog } from "../storage/wal/log-index.ts";
import type { TreeDamage } from "../storage/tree/tree-read.ts";
import type { WalError } from "../storage/wal/wal-error.ts";
import { openWal, type Wal, type WalOptions } from "../storage/wal/wal.ts";
import {
  CATALOGUE, CATALOGUE_ASK, NODE_BEAT, PAXOS_FRAME, REPLY, REQUEST, type NodeMessage, type Work,
} from "../wire/data-messages.ts";
import type { LogEntry } from "../wire/log-record.ts";
import { firstRequestId } from "../wire/request-ids.ts";
import { CatalogueFollower } from "./catalogue-follower.ts";
import { GroupHosting } from "./group-hosting.ts";
import { NodeBeats } from "./node-beats.ts";
import { RowDrops } from "./row-drops.ts";
import { TreeBuilds } from "./tree-builds.ts";

export type NodeEnv = {
  readonly self: NodeId;
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network<NodeMessage>;
  readonly telemetry: Telemetry;
  readonly disk: Disk;
  readonly kv: KvStore;
  readonly timing: GroupTiming;
  readonly wal: WalOptions;
  readonly tree: TreeOptions;
  /** How long clocks are compared before one is mistrusted; absent: four lease times, at least four seconds. */
  readonly clockWindowMs?: number;
  /** How fast replicas without a tree get one; absent: see buildLimits. */
  readonly build?: BuildLimits;
  /** All storage nodes of the cluster; the system group lives on the first three. */
  readonly nodes: readonly NodeId[];
  /** The same with zones and addresses; absent: each is a zone of its own, in one process. */
  readonly initialNodes?: readonly InitialNode[];
  /** When a silent node counts as down. */
  readonly liveness?: MetadataTiming;
  readonly partitionsPerTable: number;
  /** Time to live of a table is not changed twice within it. Absent: as often as one likes. */
  readonly ttlPauseMs?: number;
  /** How long records of streams are kept; absent: as long as DynamoDB does. */
  readonly streamRetentionMs?: number;
  /** How items expire; absent: at the default pace. */
  readonly expiry?: ExpiryOptions;
  /** How long changes wait before they go to global indexes, for tests; absent: not at all. */
  readonly indexLagMs?: () => number;
  readonly priorLeasesVoid: boolean;
  /** The node found its own disk or memory wrong and stopped. Called at most once. */
  readonly onFailed: (failure: NodeFailure) => void;
  /** Where `disk` is, for messages; unset where it has no place. */
  readonly walDirectory?: string;
  /** For observers: a WRITE entry was applied on this node. */
  readonly onApplied?: (group: GroupId, entry: LogEntry) => void;
};

export type NodeFailure = { readonly node: NodeId; readonly message: string };

const SYSTEM_REPLICAS = 3;
/** Clocks are compared over several leases, and over some seconds at least: single late messages hide no rate then. */
const CLOCK_WINDOW_LEASES = 4;
const CLOCK_WINDOW_MS_MIN = 4_000;
/** Ids of requests for pages and of rows of indexes, apart from those that the metadata role gives out. */
const BUILD_IDS_FROM = 2 ** 30;
/** Of a damaged row's key: enough to name the table and find the row with `stator inspect tree`. */
const DESCRIBED_KEY_BYTES = 48;

const MIB = 1024 * 1024;
/** Several senders' rows may come in one turn, and make one record of the log. */
const INDEX_BATCH_BYTES_MAX = MIB / 2;
const INDEX_BATCHES_PER_SEGMENT = 16;

/** 25 MiB/s heals a gigabyte in less than a minute and leaves most of a disk and a core to the traffic. */
export function buildLimits(tree: TreeOptions): BuildLimits {
  return {
    pageBytes: MIB / 4, bytesPerSecond: 25 * MIB, memoryBytes: Math.floor(tree.overloadBytes / 2), answerMs: 2_000,
  };
}

/** Members of the system group. */
export function systemMembers(nodes: readonly NodeId[]): readonly NodeId[] {
  return nodes.slice(0, SYSTEM_REPLICAS);
}

/** Opens the log and the tree, replays, and joins the groups. `done` gets the node, or why it cannot run. */
export function openNode(env: NodeEnv, done: (opened: StatorNode | NodeFailure) => void): void {
  const opened = openWal(env.disk, env.wal, env.telemetry);
  if (!opened.ok) {
    done({ node: env.self, message: describeLog(env, opened.error) });
    return;
  }
  const tree = openItemTree(env.kv, env.clock, env.tree, env.telemetry);
  if (!tree.ok) {
    done({ node: env.self, message: describeDamage(tree.error) });
    return;
  }
  const node = new StatorNode(env, opened.wal, tree.tree, opened.groups);
  node.start((message) => done(message === null ? node : { node: env.self, message }));
}

function isForMetadata({ kind }: Work): boolean {
  return kind === "table-work" || kind === "register" || kind === "admin" || kind === "describe";
}

/** Names the file and the offset: what an operator needs to look at the damage. */
function describeLog(env: NodeEnv, error: WalError): string {
  const isPath = env.walDirectory === undefined || error.file.includes("/");
  return `${isPath ? error.file : `${env.walDirectory}/${error.file}`}, offset ${error.offset}: ${error.message}`;
}

/** Names the file and the key; keys are binary and may be long. */
function describeDamage({ file, key, message }: TreeDamage): string {
  let hex = "";
  for (let i = 0; i < key.length && i < DESCRIBED_KEY_BYTES; i++) {
    hex += key.charCodeAt(i).toString(16).padStart(2, "0");
  }
  return `${file}, key ${hex}${key.length > DESCRIBED_KEY_BYTES ? "…" : ""}: ${message}`;
}

export class StatorNode {
  readonly self: NodeId;
  readonly replicator: NodeReplicator;
  readonly metadata: MetadataRole;
  readonly tree: ItemTree;
  readonly wal: Wal;
  readonly #env: NodeEnv;
  readonly #storage: StorageNode;
  readonly #drops: RowDrops;
  readonly #builds: TreeBuilds;
  readonly #hosting: GroupHosting;
  readonly #follower: CatalogueFollower;
  readonly #beats: NodeBeats;
  readonly #recovered: Map<GroupId, RecoveredLog>;
  #isStopped = false;
  /** Told once: how the start ended. */
  #starting: ((message: string | null) => void) | null = null;

  constructor(env: NodeEnv, wal: Wal, tree: ItemTree, recovered: Map<GroupId, RecoveredLog>) {
    const { self, clock, random, network, telemetry, timing, priorLeasesVoid } = env;
    this.#env = env;
    this.self = self;
    this.wal = wal;
    this.#recovered = recovered;
    this.tree = tree;
    wal.onFailure = (error): void => this.#fail(describeLog(env, error));
    tree.onFailure = (error): void => this.#fail(`${error.file}: ${error.code}: ${error.message}`);
    const { leaseMs, leaseDriftMs } = timing;
    const clockGuard = new ClockGuard({
      windowMs: env.clockWindowMs ?? Math.max(leaseMs * CLOCK_WINDOW_LEASES, CLOCK_WINDOW_MS_MIN),
      tolerance: leaseDriftMs / leaseMs,
    });
    const unheard = new UnheardPeers(leaseMs);
    this.replicator = new NodeReplicator(
      { self, clock, random, network, telemetry, wal, tree, timing, priorLeasesVoid, clockGuard, unheard },
      this.#listener(),
    );
    const { replicator } = this;
    const onTreeDamage = (damage: TreeDamage): void => this.#fail(describeDamage(damage));
    this.#drops = new RowDrops({
      wal, tree, replicator, onTreeDamage,
      owned: () => this.#hosting.ownedRanges(), onDone: () => this.#hosting.onDropsDone(),
    });
    let requestId = firstRequestId(random.u32()) + BUILD_IDS_FROM;
    this.#builds = new TreeBuilds({
      self, clock, network, tree, wal, telemetry, replicator, drops: this.#drops,
      limits: env.build ?? buildLimits(env.tree), nextId: () => requestId++,
      onLogDamage: (error): void => this.#fail(describeLog(env, error)),
      onWhole: (host): void => this.#onTreeWhole(host),
    });
    this.#hosting = new GroupHosting({
      self, clock, telemetry, wal, tree, replicator, drops: this.#drops, builds: this.#builds,
    });
    this.#storage = new StorageNode({
      self, clock, network, tree, replicator, placed: this.#hosting, onDamage: onTreeDamage,
      ...(env.expiry === undefined ? {} : { expiry: env.expiry }),
      nextId: () => requestId++,
      indexBatchBytes: Math.min(INDEX_BATCH_BYTES_MAX, Math.floor(env.wal.segmentBytes / INDEX_BATCHES_PER_SEGMENT)),
      ...(env.indexLagMs === undefined ? {} : { indexLagMs: env.indexLagMs }),
      ...(env.streamRetentionMs === undefined ? {} : { streamRetentionMs: env.streamRetentionMs }),
    });
    this.metadata = new MetadataRole({
      self, clock, random, network, tree, replicator, nodes: env.nodes, partitionsPerTable: env.partitionsPerTable,
      ...(env.initialNodes === undefined ? {} : { initialNodes: env.initialNodes }),
      ...(env.liveness === undefined ? {} : { timing: env.liveness }),
      ...(env.ttlPauseMs === undefined ? {} : { ttlPauseMs: env.ttlPauseMs }),
      ...(env.streamRetentionMs === undefined ? {} : { streamRetentionMs: env.streamRetentionMs }),
    });
    this.#follower = new CatalogueFollower({
      self, clock, network, initial: systemMembers(env.nodes),
      onAuthoritative: (view): void => {
        this.#hosting.follow(view);
        this.#storage.onCatalogue();
      },
    });
    this.#beats = new NodeBeats({
      self, clock, network, replicator, incarnation: random.u32(),
      beatMs: (env.liveness ?? METADATA_TIMING_DEFAULT).beatMs,
      systemNodes: () => this.#follower.systemNodes(), unheard: () => unheard.list(),
    });
  }

  #listener(): ReplicatorListener {
    const env = this.#env;
    return {
      onLeadership: (host): void => {
        if (host.group === SYSTEM_GROUP) this.metadata.onLeadership(host);
        this.#storage.onLeadership(host);
      },
      onApplied: (host, entry, payload): void => {
        env.onApplied?.(host.group, entry);
        if (host.group === SYSTEM_GROUP && payload !== null && host.hasTree) this.metadata.onApplied(host, payload);
        this.#storage.onApplied(host, entry);
      },
      onSplit: (host): void => {
        env.telemetry.event("info", "hosting", "a partition was split", { group: host.group });
        this.#hosting.openChildren(host);
      },
      onBegunAnew: (host): void => this.#hosting.buildAnew(host),
      onConfiguration: (): void => this.#hosting.considerBuilds(),
      onRemoved: (host): void => {
        env.telemetry.event("info", "hosting", "a group goes on without this node's replica", { group: host.group });
      },
      onLogDamage: (error): void => this.#fail(describeLog(env, error)),
    };
  }

  /** The catalogue is read once the tree that holds it is whole. */
  #onTreeWhole(host: GroupHost): void {
    if (host.group === SYSTEM_GROUP) {
      const damage = this.metadata.load(host.appliedLsn);
      if (damage !== null) this.#fail(describeDamage(damage));
    }
    if (!this.#isStopped) this.#hosting.considerBuilds();
  }

  /** Replays the log, then opens the replicas in it. `done` gets what is wrong with this node, or null. Called once. */
  start(done: (message: string | null) => void): void {
    this.#starting = done;
    const { wal, tree } = this;
    const { self, clock, kv } = this.#env;
    replayLog({ self, wal, tree, clock, treeFile: kv.file }, this.#recovered, (error) => {
      if (this.#isStopped) return;
      if (error !== null) {
        this.#fail(describeLog(this.#env, error));
        return;
      }
      // Parents of splits before their children, which have higher ids.
      const groups = [...this.#recovered.keys()].sort((a, b) => a - b);
      this.#openNext(groups, 0, () => this.#openRest());
    });
  }

  #openNext(groups: readonly GroupId[], index: number, done: () => void): void {
    const { self, clock, kv } = this.#env;
    const { wal, tree } = this;
    const group = groups[index];
    if (group === undefined) {
      done();
      return;
    }
    recoverGroup({ self, wal, tree, clock, treeFile: kv.file }, group, this.#recovered.get(group), (recovery) => {
      if (this.#isStopped) return;
      if (!recovery.ok) {
        this.#fail(describeLog(this.#env, recovery.error));
        return;
      }
      const { recovered, hasTree } = recovery;
      const host = this.#hosting.openRecovered(group, recovered, hasTree ? "whole" : "none");
      if (group === SYSTEM_GROUP && host?.hasTree === true) {
        const damage = this.metadata.load(recovered.applied);
        if (damage !== null) {
          this.#fail(describeDamage(damage));
          return;
        }
      }
      this.#openNext(groups, index + 1, done);
    });
  }

  /** What the log does not know: the beginning of a cluster, and what a drop that was cut short left in the tree. */
  #openRest(): void {
    const { self, nodes, kv, clock } = this.#env;
    const { wal, tree, replicator } = this;
    this.#hosting.openSilentChildren();
    for (const group of tree.groups()) {
      if (replicator.host(group) !== null || this.#recovered.has(group)) continue;
      if (wal.isForgotten(group)) tree.forgetGroup(group);
      else {
        // Says which of the two is missing.
        recoverGroup({ self, wal, tree, clock, treeFile: kv.file }, group, undefined, (recovery) => {
          if (!recovery.ok) this.#fail(describeLog(this.#env, recovery.error));
        });
      }
      if (this.#isStopped) return;
    }
    const forgotten = wal.unsettled;
    tree.requestCheckpoint(() => forgotten.forEach((group) => wal.settleForgotten(group)));
    const members = systemMembers(nodes);
    const isNew = replicator.host(SYSTEM_GROUP) === null && !wal.isForgotten(SYSTEM_GROUP);
    if (isNew && members.includes(self)) {
      const host = this.#hosting.openSystem(members);
      const damage = this.metadata.load(host.appliedLsn);
      if (damage !== null) {
        this.#fail(describeDamage(damage));
        return;
      }
    }
    this.#started();
  }

  #started(): void {
    const starting = this.#starting;
    this.#starting = null;
    if (this.#isStopped) return;
    starting?.(null);
    this.#follower.start();
    this.#beats.start();
    this.#storage.start();
  }

  /** True while this node replays its log. */
  get isOpening(): boolean {
    return !this.#isStopped && this.#starting !== null;
  }

  receive(message: NodeMessage): void {
    if (this.#isStopped) return;
    switch (message.kind) {
      case PAXOS_FRAME:
        this.replicator.receive(message);
        return;
      case REQUEST:
        if (isForMetadata(message.work)) this.metadata.onRequest(message);
        else this.#storage.onRequest(message);
        return;
      case REPLY:
        if (!this.#builds.onReply(message) && !this.#storage.onReply(message)) this.metadata.onReply(message);
        return;
      case CATALOGUE_ASK:
        if (this.replicator.host(SYSTEM_GROUP) !== null) this.metadata.onCatalogueAsk(message.from);
        else this.#follower.relay(message.from);
        return;
      case NODE_BEAT:
        this.metadata.onBeat(message);
        return;
      case CATALOGUE:
        this.#follower.onCatalogue(message);
        return;
      default:
        unreachable(message);
    }
  }

  /**
   * Campaigns for the groups whose first member is known to be absent and whose next one is this node, so that they
   * need not wait for the absence to show.
   */
  standInFor(absent: readonly NodeId[]): void {
    const now = this.#env.clock.monotonicMs();
    for (const host of this.replicator.hosts()) {
      const next = host.members.find((member) => !absent.includes(member));
      if (next !== this.self || host.members[0] === this.self) continue;
      host.core.campaign(now);
      this.replicator.wake(host);
    }
  }

  /** Stops at once; the log and the tree are closed so that the next start finds nothing to repair. */
  stop(done: () => void): void {
    this.#halt();
    this.wal.close(() => this.tree.close(done));
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  #halt(): void {
    this.#isStopped = true;
    this.replicator.stop();
    this.metadata.stop();
    this.#follower.stop();
    this.#beats.stop();
    this.#builds.stop();
    this.#storage.stop();
  }

  #fail(message: string): void {
    if (this.#isStopped) return;
    this.#halt();
    const starting = this.#starting;
    this.#starting = null;
    if (starting === null) this.#env.onFailed({ node: this.self, message });
    else starting(message);
  }
}

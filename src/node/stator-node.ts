// One node: its log and tree, the groups it hosts, its storage and metadata roles, joined through values in
// `NodeEnv`. The same composition runs in production and in the simulator.
import { epoch, SYSTEM_GROUP, type GroupId, type NodeId } from "../base/ids.ts";
import { unreachable } from "../base/assert.ts";
import type { GroupTiming } from "../consensus/ready.ts";
import type { Clock } from "../ports/clock.ts";
import type { Disk } from "../ports/disk.ts";
import type { KvStore } from "../ports/kv-store.ts";
import type { Network } from "../ports/network.ts";
import type { Random } from "../ports/random.ts";
import type { Telemetry } from "../ports/telemetry.ts";
import { NodeReplicator } from "../replication/node-replicator.ts";
import { recoverGroup } from "../replication/recover-group.ts";
import { replayLog } from "../replication/replay-log.ts";
import { METADATA_TIMING_DEFAULT, type MetadataTiming } from "../roles/metadata/liveness.ts";
import type { InitialNode } from "../roles/metadata/plan-nodes.ts";
import { MetadataRole } from "../roles/metadata/role.ts";
import { StorageNode } from "../roles/storage-node/role.ts";
import { openItemTree, type ItemTree, type TreeOptions } from "../storage/tree/item-tree.ts";
import type { RecoveredLog } from "../storage/wal/log-index.ts";
import type { TreeDamage } from "../storage/tree/tree-read.ts";
import type { WalError } from "../storage/wal/wal-error.ts";
import { openWal, type Wal, type WalOptions } from "../storage/wal/wal.ts";
import {
  CATALOGUE, CATALOGUE_ASK, NODE_BEAT, PAXOS_FRAME, REPLY, REQUEST, type NodeMessage, type Work,
} from "../wire/data-messages.ts";
import type { LogEntry } from "../wire/log-record.ts";
import { CatalogueFollower } from "./catalogue-follower.ts";
import { GroupHosting } from "./group-hosting.ts";
import { NodeBeats } from "./node-beats.ts";

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
  /** All storage nodes of the cluster; the system group lives on the first three. */
  readonly nodes: readonly NodeId[];
  /** The same with zones and addresses; absent: each is a zone of its own, in one process. */
  readonly initialNodes?: readonly InitialNode[];
  /** When a silent node counts as down. */
  readonly liveness?: MetadataTiming;
  readonly partitionsPerTable: number;
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
/** Of a damaged row's key: enough to name the table and find the row with `stator inspect tree`. */
const DESCRIBED_KEY_BYTES = 48;

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
    this.replicator = new NodeReplicator(
      { self, clock, random, network, telemetry, wal, tree, timing, priorLeasesVoid },
      {
        onLeadership: (host): void => {
          if (host.group === SYSTEM_GROUP) this.metadata.onLeadership(host);
        },
        onApplied: (host, entry, payload): void => {
          env.onApplied?.(host.group, entry);
          if (host.group === SYSTEM_GROUP && payload !== null) this.metadata.onApplied(host, payload);
        },
        onLogDamage: (error): void => this.#fail(describeLog(env, error)),
      },
    );
    const { replicator } = this;
    this.#hosting = new GroupHosting({
      self, clock, wal, tree, replicator, recovered, treeFile: env.kv.file,
      onLogDamage: (error): void => this.#fail(describeLog(env, error)),
      onTreeDamage: (damage): void => this.#fail(describeDamage(damage)),
    });
    this.#storage = new StorageNode({
      self, clock, network, tree, replicator,
      onDamage: (damage): void => this.#fail(describeDamage(damage)),
    });
    this.metadata = new MetadataRole({
      self, clock, random, network, tree, replicator, nodes: env.nodes, partitionsPerTable: env.partitionsPerTable,
      onTables: (tables): void => this.#hosting.follow(tables, this.metadata.nextGroup()),
      ...(env.initialNodes === undefined ? {} : { initialNodes: env.initialNodes }),
      ...(env.liveness === undefined ? {} : { timing: env.liveness }),
    });
    this.#follower = new CatalogueFollower({
      self, clock, network, initial: systemMembers(env.nodes), onAuthoritative: (): void => undefined,
    });
    this.#beats = new NodeBeats({
      self, clock, network, replicator, incarnation: random.u32(),
      beatMs: (env.liveness ?? METADATA_TIMING_DEFAULT).beatMs,
      systemNodes: () => this.#follower.systemNodes(), unheard: () => [],
    });
  }

  /** Replays the log. `done` gets what is wrong with this node, or null. Called once. */
  start(done: (message: string | null) => void): void {
    const { self, clock, kv } = this.#env;
    this.#starting = done;
    const { wal, tree } = this;
    replayLog({ self, wal, tree, clock, treeFile: kv.file }, this.#recovered, (error) => {
      if (this.#isStopped) return;
      if (error === null) this.#startSystemGroup();
      else this.#fail(describeLog(this.#env, error));
    });
  }

  #startSystemGroup(): void {
    const { self, clock, nodes, kv } = this.#env;
    const members = systemMembers(nodes);
    if (!members.includes(self)) {
      this.#started();
      return;
    }
    const log = this.#recovered.get(SYSTEM_GROUP);
    const { wal, tree } = this;
    recoverGroup({ self, wal, tree, clock, treeFile: kv.file }, SYSTEM_GROUP, log, (recovery) => {
      if (this.#isStopped) return;
      if (!recovery.ok) {
        this.#fail(describeLog(this.#env, recovery.error));
        return;
      }
      const state = recovery.recovered;
      this.replicator.addGroup({ group: SYSTEM_GROUP, members, epoch: epoch(1) }, state, members[0] === self);
      const damage = this.metadata.load(state.applied);
      if (damage !== null) {
        this.#fail(describeDamage(damage));
        return;
      }
      this.#hosting.dropOrphans(this.metadata.tables(), this.metadata.nextTable());
      this.#hosting.whenOpen(() => this.#started());
    });
  }

  #started(): void {
    const starting = this.#starting;
    this.#starting = null;
    if (this.#isStopped) return;
    starting?.(null);
    this.#follower.start();
    this.#beats.start();
  }

  /** True while a group that the applied catalogue places here still replays its log. */
  get isOpening(): boolean {
    return !this.#isStopped && this.#hosting.isOpening;
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
        this.metadata.onReply(message);
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
    this.#hosting.stop();
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

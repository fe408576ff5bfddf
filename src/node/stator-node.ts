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
import { MetadataRole } from "../roles/metadata/role.ts";
import { StorageNode } from "../roles/storage-node/role.ts";
import { openItemTree, type ItemTree, type TreeOptions } from "../storage/tree/item-tree.ts";
import type { RecoveredLog } from "../storage/wal/log-index.ts";
import type { WalError } from "../storage/wal/wal-error.ts";
import { openWal, type Wal, type WalOptions } from "../storage/wal/wal.ts";
import {
  CATALOGUE, CATALOGUE_ASK, PAXOS_FRAME, REPLY, REQUEST, type NodeMessage,
} from "../wire/data-messages.ts";
import type { LogEntry } from "../wire/log-record.ts";
import { GroupHosting } from "./group-hosting.ts";

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
  readonly partitionsPerTable: number;
  readonly priorLeasesVoid: boolean;
  /** The node found its own disk or memory wrong and stopped. Called at most once. */
  readonly onFailed: (failure: NodeFailure) => void;
  /** For observers: a WRITE entry was applied on this node. */
  readonly onApplied?: (group: GroupId, entry: LogEntry) => void;
};

export type NodeFailure = { readonly node: NodeId; readonly message: string };

const SYSTEM_REPLICAS = 3;

/** Members of the system group. */
export function systemMembers(nodes: readonly NodeId[]): readonly NodeId[] {
  return nodes.slice(0, SYSTEM_REPLICAS);
}

/** Opens the log and the tree, replays, and joins the groups. `done` gets the node, or why it cannot run. */
export function openNode(env: NodeEnv, done: (opened: StatorNode | NodeFailure) => void): void {
  const opened = openWal(env.disk, env.wal, env.telemetry);
  if (!opened.ok) {
    done({ node: env.self, message: describe(opened.error) });
    return;
  }
  const tree = openItemTree(env.kv, env.clock, env.tree, env.telemetry);
  if (!tree.ok) {
    const { file, key } = tree.error;
    done({ node: env.self, message: `${file}: row ${JSON.stringify(key)} is damaged` });
    return;
  }
  const node = new StatorNode(env, opened.wal, tree.tree, opened.groups);
  node.start((error) => done(error === null ? node : { node: env.self, message: describe(error) }));
}

/** Names the file and the offset: what an operator needs to look at the damage. */
function describe(error: WalError): string {
  return `${error.file}, offset ${error.offset}: ${error.message}`;
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
  readonly #recovered: Map<GroupId, RecoveredLog>;
  #isStopped = false;

  constructor(env: NodeEnv, wal: Wal, tree: ItemTree, recovered: Map<GroupId, RecoveredLog>) {
    const { self, clock, random, network, telemetry, timing, priorLeasesVoid } = env;
    this.#env = env;
    this.self = self;
    this.wal = wal;
    this.#recovered = recovered;
    this.tree = tree;
    wal.onFailure = (error): void => this.#fail(describe(error));
    tree.onFailure = (error): void => this.#fail(error.message);
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
        onLogDamage: (error): void => this.#fail(describe(error)),
      },
    );
    const { replicator } = this;
    this.#hosting = new GroupHosting({
      self, clock, wal, tree, replicator, recovered,
      onLogDamage: (error): void => this.#fail(describe(error)),
    });
    this.#storage = new StorageNode({
      self, clock, network, tree, replicator,
      onDamage: (damage): void => this.#fail(`${damage.file}: item ${JSON.stringify(damage.key)} fails its checksum`),
    });
    this.metadata = new MetadataRole({
      self, clock, random, network, tree, replicator, nodes: env.nodes, partitionsPerTable: env.partitionsPerTable,
      onTables: (tables): void => this.#hosting.follow(tables, this.metadata.nextGroup()),
    });
  }

  /** Replays the log. `done` gets what is wrong with it, or null. */
  start(done: (error: WalError | null) => void): void {
    const { self, clock, nodes } = this.#env;
    const members = systemMembers(nodes);
    if (!members.includes(self)) {
      done(null);
      return;
    }
    const log = this.#recovered.get(SYSTEM_GROUP);
    recoverGroup({ wal: this.wal, tree: this.tree, clock }, SYSTEM_GROUP, log, (recovery) => {
      if (!recovery.ok) {
        this.#halt();
        done(recovery.error);
        return;
      }
      const state = recovery.recovered;
      this.replicator.addGroup({ group: SYSTEM_GROUP, members, epoch: epoch(1) }, state, members[0] === self);
      this.metadata.load(state.applied);
      this.#hosting.dropOrphans(this.metadata.tables());
      this.#hosting.whenOpen(() => done(null));
    });
  }

  receive(message: NodeMessage): void {
    if (this.#isStopped) return;
    switch (message.kind) {
      case PAXOS_FRAME:
        this.replicator.receive(message);
        return;
      case REQUEST:
        if (message.work.kind === "table-work") this.metadata.onRequest(message);
        else this.#storage.onRequest(message);
        return;
      case REPLY:
        this.metadata.onReply(message);
        return;
      case CATALOGUE_ASK:
        this.metadata.onCatalogueAsk(message.from);
        return;
      case CATALOGUE:
        return; // for routers
      default:
        unreachable(message);
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
    this.#hosting.stop();
  }

  #fail(message: string): void {
    if (this.#isStopped) return;
    this.#halt();
    this.#env.onFailed({ node: this.self, message });
  }
}

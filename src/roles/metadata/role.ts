// The catalogue's authority: every member of the system group keeps the applied catalogue and tells those who ask for
// it of changes; its leader also takes table operations, registrations and operators' commands, one after the other,
// and runs the control plane.
import { assert } from "../../base/assert.ts";
import { lsn, SYSTEM_GROUP, type Lsn, type NodeId } from "../../base/ids.ts";
import type { TableOperation } from "../../model/operation.ts";
import type { NodeRecord, Partition, TableSchema } from "../../model/table-schema.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Network } from "../../ports/network.ts";
import type { Random } from "../../ports/random.ts";
import type { GroupHost } from "../../replication/group-host.ts";
import type { NodeReplicator } from "../../replication/node-replicator.ts";
import type { ItemTree } from "../../storage/tree/item-tree.ts";
import type { TreeDamage } from "../../storage/tree/tree-read.ts";
import type { WritePayload } from "../../wire/codec/write-payload.ts";
import {
  CATALOGUE, REPLY, type CatalogueMessage, type NodeBeat, type NodeMessage, type Reply, type Request, type Work,
  type WorkOutcome,
} from "../../wire/data-messages.ts";
import type { Mutation } from "../../wire/log-record.ts";
import { firstRequestId } from "../../wire/request-ids.ts";
import { Catalogue, CATALOGUE_FROM, CATALOGUE_TO } from "./catalogue.ts";
import { ControlPlane } from "./control-plane.ts";
import { describeCluster, type ClusterDescription } from "./describe.ts";
import { Liveness, METADATA_TIMING_DEFAULT, type MetadataTiming } from "./liveness.ts";
import { planAdmin } from "./plan-admin.ts";
import { embeddedNodes, planRegister, systemPartition, type InitialNode } from "./plan-nodes.ts";
import { planCreate, planDelete, type TablePlan } from "./plan-table.ts";
import { planUpdate } from "./plan-update.ts";
import { Subscribers } from "./subscribers.ts";
import { randomUuid } from "./uuid.ts";

export type MetadataEnv = {
  readonly self: NodeId;
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network<NodeMessage>;
  readonly tree: ItemTree;
  readonly replicator: NodeReplicator;
  /** Nodes that the cluster begins with; the system group begins on the first three. */
  readonly nodes: readonly NodeId[];
  /** The same with zones and addresses; absent: each is a zone of its own, in one process. */
  readonly initialNodes?: readonly InitialNode[];
  readonly timing?: MetadataTiming;
  readonly partitionsPerTable: number;
  /** Time to live of a table is not changed twice within it. Absent: as often as one likes. */
  readonly ttlPauseMs?: number;
  /** How long records of streams are kept; absent: as long as DynamoDB does. */
  readonly streamRetentionMs?: number;
};

/** Operations waiting for their turn; more are shed. */
const QUEUE_MAX = 1_000;
const SYSTEM_REPLICAS = 3;

type CommandPlan =
  | { readonly kind: "plan"; readonly rows: readonly Mutation[]; readonly outcome: WorkOutcome }
  | { readonly kind: "final"; readonly outcome: WorkOutcome };

export class MetadataRole {
  readonly #env: MetadataEnv;
  readonly #catalogue: Catalogue = new Catalogue();
  readonly #liveness: Liveness;
  readonly #control: ControlPlane;
  readonly #subscribers: Subscribers = new Subscribers();
  readonly #initialNodes: readonly InitialNode[];
  #version: Lsn = lsn(0);
  /** The applied catalogue is in memory: not so on a member whose tree is being built. */
  #isLoaded = false;
  #isPublishScheduled = false;
  #queue: Request[] = [];
  /** Catalogue changes under way: nothing is evaluated on applied state until they are settled. */
  #inFlight = 0;
  #isStopped = false;

  constructor(env: MetadataEnv) {
    const { self, clock, network, random, nodes, timing = METADATA_TIMING_DEFAULT } = env;
    this.#env = env;
    this.#initialNodes = env.initialNodes ?? embeddedNodes(nodes);
    this.#liveness = new Liveness(self, timing, clock.monotonicMs());
    this.#control = new ControlPlane({
      self, clock, network, timing, catalogue: this.#catalogue, liveness: this.#liveness,
      initialNodes: this.#initialNodes, systemReplicas: nodes.slice(0, SYSTEM_REPLICAS),
      firstId: firstRequestId(random.u32()),
      ...(env.streamRetentionMs === undefined ? {} : { streamRetentionMs: env.streamRetentionMs }),
      isLeading: (): boolean => this.#isLeading(),
      isBusy: (): boolean => this.#inFlight > 0,
      commit: (rows): void => this.#commit(rows, nothing),
    });
  }

  /** Reads the catalogue from the tree, after the system group was recovered. Returns the damage it met. */
  load(applied: Lsn): TreeDamage | null {
    let bad: TreeDamage | null = null;
    this.#catalogue.clear();
    const damage = this.#env.tree.scan(CATALOGUE_FROM, CATALOGUE_TO, true, (key, value) => {
      const problem = this.#catalogue.apply({ key, value: value.slice() });
      if (problem !== null) bad = { kind: "corrupt", file: "tree", key, message: problem };
      return problem === null;
    });
    if (damage !== null || bad !== null) return damage ?? bad;
    this.#version = applied;
    this.#isLoaded = true;
    return null;
  }

  stop(): void {
    this.#isStopped = true;
    this.#control.end();
    this.#queue = [];
  }

  tables(): readonly TableSchema[] {
    return this.#catalogue.tables();
  }

  /** Nodes that are not removed. */
  nodes(): readonly NodeRecord[] {
    return this.#catalogue.nodes().filter(({ state }) => state !== "removed");
  }

  /** Where the system group is, as far as this node has applied it. */
  system(): Partition {
    return this.#catalogue.system ?? systemPartition(this.#env.nodes.slice(0, SYSTEM_REPLICAS));
  }

  get version(): Lsn {
    return this.#version;
  }

  /** Group ids below this were given out. */
  nextGroup(): number {
    return this.#catalogue.counters.nextGroup;
  }

  /** Table ids below this were given out. */
  nextTable(): number {
    return this.#catalogue.counters.nextTable;
  }

  /** What the admin page shows: whole only on the leader of the system group. */
  describe(): ClusterDescription {
    return describeCluster({
      self: this.#env.self, version: this.#version, catalogue: this.#catalogue, liveness: this.#liveness,
      control: this.#isLeading() ? this.#control : null, systemReplicas: this.system().replicas,
      nowMs: this.#env.clock.monotonicMs(),
    });
  }

  onApplied(host: GroupHost, payload: WritePayload): void {
    for (const row of payload.mutations) {
      const problem = this.#catalogue.apply(row);
      assert(problem === null, "a committed row of the catalogue is one that its leader made");
    }
    this.#version = host.appliedLsn;
    this.#subscribers.all(this.#env.clock.monotonicMs());
    this.#publishSoon();
    this.#next();
  }

  onLeadership(host: GroupHost): void {
    this.#version = host.appliedLsn;
    if (host.session === null) {
      this.#control.end();
      const refused = this.#queue;
      this.#queue = [];
      for (const request of refused) this.#reply(request, redirect(host));
      return;
    }
    this.#control.begin();
    this.#subscribers.all(this.#env.clock.monotonicMs());
    this.#publishSoon();
  }

  onCatalogueAsk(from: NodeId): void {
    this.#subscribers.add(from, this.#env.clock.monotonicMs());
    this.#publishSoon();
  }

  onBeat(beat: NodeBeat): void {
    const now = this.#env.clock.monotonicMs();
    this.#liveness.onBeat(beat, now);
    if (this.#catalogue.node(beat.from)?.state !== "removed") return;
    this.#subscribers.tell(beat.from, now); // it does not find itself among the nodes
    this.#publishSoon();
  }

  onRequest(request: Request): void {
    const host = this.#systemHost();
    if (host === null || host.session === null) this.#reply(request, redirect(host));
    else if (this.#queue.length >= QUEUE_MAX) {
      this.#reply(request, { kind: "overloaded", reason: "too many changes of the catalogue at once" });
    } else {
      this.#queue.push(request);
      this.#next();
    }
  }

  onReply(reply: Reply): void {
    this.#control.onReply(reply);
  }

  /**
   * Takes the next operation: evaluated on applied state only, so one at a time. Not called where a commit
   * is told: the catalogue takes the committed rows over only afterwards, in onApplied. Nothing is planned before the
   * first rows are there.
   */
  #next(): void {
    while (this.#inFlight === 0 && !this.#isStopped && this.#catalogue.system !== null) {
      const request = this.#queue.shift();
      const host = this.#systemHost();
      if (request === undefined || host === null || host.session === null) return;
      const plan = this.#plan(request.work);
      if (plan.kind === "final") {
        this.#reply(request, plan.outcome);
        continue;
      }
      this.#commit(plan.rows, (isCommitted) => {
        this.#reply(request, isCommitted
          ? plan.outcome : { kind: "unavailable", reason: "leadership of the catalogue changed" });
        if (request.work.kind === "admin" && request.work.command.kind === "transfer-leader") {
          this.#control.hurry(request.work.command.group);
        } else this.#control.lookSoon();
      });
    }
  }

  #plan(work: Work): CommandPlan {
    switch (work.kind) {
      case "table-work": {
        const plan = this.#planTable(work.operation);
        if (plan.kind !== "plan") return { kind: "final", outcome: plan };
        const outcome: WorkOutcome = { kind: "table", table: plan.table, itemCount: 0, sizeBytes: 0 };
        return plan.rows.length === 0 ? { kind: "final", outcome } : { kind: "plan", rows: plan.rows, outcome };
      }
      case "register":
      case "admin": {
        const now = this.#env.clock.monotonicMs();
        const plan = work.kind === "admin" ? planAdmin(this.#catalogue, work.command, this.#control.view())
          : planRegister(this.#catalogue, work, (node) => this.#liveness.life(node, now));
        return plan.kind === "plan" ? plan : { kind: "final", outcome: plan };
      }
      case "describe":
        return { kind: "final", outcome: { kind: "described", json: JSON.stringify(this.describe()) } };
      default:
        return { kind: "final", outcome: { kind: "invalid", message: "the catalogue has no such operation" } };
    }
  }

  #planTable(operation: TableOperation): TablePlan {
    const { clock, random, partitionsPerTable, ttlPauseMs = 0 } = this.#env;
    const uuid = (): string => randomUuid(random);
    const nowMs = clock.wallMs();
    const view = this.#control.view();
    switch (operation.kind) {
      case "create-table":
        return planCreate(this.#catalogue, operation.definition, { view, nowMs, uuid, partitionsPerTable });
      case "update-table":
        return planUpdate(this.#catalogue, operation.name, operation.change, {
          view, nowMs, uuid, partitionsPerTable, ttlPauseMs,
        });
      case "delete-table":
        return planDelete(this.#catalogue, operation.name);
      default:
        return { kind: "invalid", message: "routers answer this operation from their copy of the catalogue" };
    }
  }

  /** All rows in one entry of the log: added in one turn, they are proposed as one batch. */
  #commit(rows: readonly Mutation[], done: (isCommitted: boolean) => void): void {
    const host = this.#systemHost();
    if (host === null || host.session === null || rows.length === 0) {
      done(false);
      return;
    }
    const { session } = host;
    this.#inFlight++;
    const last = (isCommitted: boolean): void => {
      this.#inFlight--;
      done(isCommitted);
    };
    rows.forEach((row, i) => {
      session.add(row.key, row.value, 0, 0, { settled: i === rows.length - 1 ? last : nothing });
    });
    this.#env.replicator.wake(host);
  }

  // ---- Telling those who ask.

  #publishSoon(): void {
    if (this.#isPublishScheduled || this.#isStopped) return;
    this.#isPublishScheduled = true;
    this.#env.clock.endOfTurn(() => {
      this.#isPublishScheduled = false;
      const due = this.#subscribers.takeDue();
      if (this.#isStopped || due.size === 0) return;
      const message = this.#message();
      if (message !== null) for (const node of due) this.#env.network.send(node, message);
    });
  }

  /** Null: this node knows of no catalogue that could be told. An empty one would be taken for the truth. */
  #message(): CatalogueMessage | null {
    const { system } = this.#catalogue;
    if (!this.#isLoaded || system === null || this.#systemHost() === null) return null;
    return {
      kind: CATALOGUE, from: this.#env.self, version: this.#version, isAuthoritative: this.#isLeading(),
      tables: this.#catalogue.tables(), nodes: this.nodes(), system,
    };
  }

  #isLeading(): boolean {
    const host = this.#systemHost();
    return host !== null && host.session !== null && host.core.isLeaseLive(this.#env.clock.monotonicMs());
  }

  #systemHost(): GroupHost | null {
    return this.#env.replicator.host(SYSTEM_GROUP);
  }

  #reply(request: Request, outcome: WorkOutcome): void {
    this.#env.network.send(request.from, { kind: REPLY, from: this.#env.self, id: request.id, outcome });
  }
}

function nothing(): void {}

function redirect(host: GroupHost | null): WorkOutcome {
  return { kind: "redirect", leader: host?.leader ?? null, reason: "another node leads the system group" };
}

// The catalogue's authority: every node keeps the applied catalogue and tells its routers of changes; the
// leader of the system group also takes table operations, one after the other, and drives tables through
// their states.
import { HASH_POINT_END, hashPoint, lsn, SYSTEM_GROUP, type GroupId, type Lsn, type NodeId } from "../../base/ids.ts";
import type { Outcome, TableOperation } from "../../model/operation.ts";
import type { TableSchema } from "../../model/table-schema.ts";
import type { Clock, TimerHandle } from "../../ports/clock.ts";
import type { Network } from "../../ports/network.ts";
import type { Random } from "../../ports/random.ts";
import type { GroupHost } from "../../replication/group-host.ts";
import type { NodeReplicator } from "../../replication/node-replicator.ts";
import type { ItemTree } from "../../storage/tree/item-tree.ts";
import type { TreeDamage } from "../../storage/tree/tree-read.ts";
import type { WritePayload } from "../../wire/codec/write-payload.ts";
import {
  CATALOGUE, REPLY, REQUEST, type NodeMessage, type Reply, type Request, type WorkOutcome,
} from "../../wire/data-messages.ts";
import type { Mutation } from "../../wire/log-record.ts";
import { firstRequestId } from "../../wire/request-ids.ts";
import { Catalogue, CATALOGUE_FROM, CATALOGUE_TO, tableRowRemoval } from "./catalogue.ts";
import { planCreate, planDelete, planStatus, type TablePlan } from "./plan-table.ts";
import { randomUuid } from "./uuid.ts";

export type MetadataEnv = {
  readonly self: NodeId;
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network<NodeMessage>;
  readonly tree: ItemTree;
  readonly replicator: NodeReplicator;
  /** Storage nodes that new tables are placed on. */
  readonly nodes: readonly NodeId[];
  readonly partitionsPerTable: number;
  /** The catalogue as applied on this node changed: host what is placed here, drop what is gone. */
  readonly onTables: (tables: readonly TableSchema[]) => void;
};

/** How often the leader looks at tables on their way to another state. */
const RECONCILE_MS = 10;
/** Table operations waiting for their turn; more are shed. */
const QUEUE_MAX = 1_000;

type Queued = { readonly request: Request; readonly operation: TableOperation };

export class MetadataRole {
  readonly #env: MetadataEnv;
  readonly #catalogue: Catalogue = new Catalogue();
  #version: Lsn = lsn(0);
  readonly #routers: Set<NodeId> = new Set();
  #isPublishScheduled = false;
  #queue: Queued[] = [];
  /** Catalogue changes under way: nothing is evaluated on applied state until they are settled. */
  #inFlight = 0;
  #timer: TimerHandle | null = null;
  /** Leader's soft state: groups of tables being created that answered as served. */
  #served: Set<GroupId> = new Set();
  /** Status requests under way, by request id. */
  #asked: Map<number, GroupId> = new Map();
  #nextId: number;
  #isStopped = false;

  constructor(env: MetadataEnv) {
    this.#env = env;
    this.#nextId = firstRequestId(env.random.u32());
  }

  /** Reads the catalogue from the tree, after the system group was recovered. Returns the damage it met. */
  load(applied: Lsn): TreeDamage | null {
    const damage = this.#env.tree.scan(CATALOGUE_FROM, CATALOGUE_TO, true, (key, value) => {
      this.#catalogue.apply({ key, value: value.slice() });
      return true;
    });
    if (damage !== null) return damage;
    this.#version = applied;
    this.#env.onTables(this.#catalogue.tables());
    return null;
  }

  stop(): void {
    this.#isStopped = true;
    if (this.#timer !== null) this.#env.clock.clearTimer(this.#timer);
    this.#queue = [];
  }

  tables(): readonly TableSchema[] {
    return this.#catalogue.tables();
  }

  /** Group ids below this were given out. */
  nextGroup(): number {
    return this.#catalogue.counters.nextGroup;
  }

  onApplied(host: GroupHost, payload: WritePayload): void {
    for (const row of payload.mutations) this.#catalogue.apply(row);
    this.#version = host.appliedLsn;
    this.#env.onTables(this.#catalogue.tables());
    this.#publishSoon();
    this.#next();
  }

  onLeadership(host: GroupHost): void {
    this.#version = host.appliedLsn;
    this.#served.clear();
    this.#asked.clear();
    if (host.session === null) {
      const refused = this.#queue;
      this.#queue = [];
      for (const { request } of refused) this.#reply(request, redirect(host));
      return;
    }
    this.#publishSoon();
    this.#reconcileSoon();
  }

  onCatalogueAsk(from: NodeId): void {
    this.#routers.add(from);
    this.#publishSoon();
  }

  onRequest(request: Request): void {
    const host = this.#systemHost();
    if (request.work.kind !== "table-work" || host === null || host.session === null) {
      this.#reply(request, redirect(host));
    } else if (this.#queue.length >= QUEUE_MAX) {
      this.#reply(request, { kind: "overloaded", reason: "too many table operations at once" });
    } else {
      this.#queue.push({ request, operation: request.work.operation });
      this.#next();
    }
  }

  onReply(reply: Reply): void {
    const group = this.#asked.get(reply.id);
    if (group === undefined) return;
    this.#asked.delete(reply.id);
    if (reply.outcome.kind !== "status") return;
    this.#served.add(group);
    this.#reconcileSoon();
  }

  /**
   * Takes the next table operation: evaluated on applied state only, so one at a time. Not called where a commit
   * is told: the catalogue takes the committed rows over only afterwards, in onApplied.
   */
  #next(): void {
    if (this.#inFlight > 0) return;
    const queued = this.#queue.shift();
    const host = this.#systemHost();
    if (queued === undefined || host === null || host.session === null) return;
    const { request, operation } = queued;
    const plan = this.#plan(operation);
    if (plan.kind !== "plan") {
      this.#reply(request, plan);
      this.#next();
      return;
    }
    this.#commit(host, plan.rows, (isCommitted) => {
      this.#reply(request, isCommitted
        ? { kind: "table", table: plan.table, itemCount: 0, sizeBytes: 0 }
        : { kind: "unavailable", reason: "leadership of the catalogue changed" });
      this.#reconcileSoon();
    });
  }

  #plan(operation: TableOperation): TablePlan {
    switch (operation.kind) {
      case "create-table":
        return planCreate(this.#catalogue, operation.definition, {
          nodes: this.#env.nodes,
          nowMs: this.#env.clock.wallMs(),
          uuid: randomUuid(this.#env.random),
          partitionsPerTable: this.#env.partitionsPerTable,
        });
      case "delete-table":
        return planDelete(this.#catalogue, operation.name);
      default:
        return { kind: "invalid", message: "routers answer this operation from their copy of the catalogue" };
    }
  }

  #commit(host: GroupHost, rows: readonly Mutation[], done: (isCommitted: boolean) => void): void {
    const { session } = host;
    if (session === null) {
      done(false);
      return;
    }
    this.#inFlight++;
    const last = (isCommitted: boolean): void => {
      this.#inFlight--;
      done(isCommitted);
    };
    rows.forEach((row, i) => {
      const settled = i === rows.length - 1 ? last : nothing;
      session.add(row.key, row.value, 0, 0, { settled });
    });
    this.#env.replicator.wake(host);
  }

  // ---- Tables on their way to another state.

  #reconcileSoon(): void {
    if (this.#timer !== null || this.#isStopped) return;
    this.#timer = this.#env.clock.setTimer(RECONCILE_MS, () => {
      this.#timer = null;
      this.#reconcile();
    });
  }

  #reconcile(): void {
    const host = this.#systemHost();
    if (this.#isStopped || host === null || host.session === null) return;
    const moving = this.#catalogue.tables().filter((table) => table.status !== "ACTIVE");
    if (moving.length === 0) return;
    if (this.#inFlight > 0) {
      this.#reconcileSoon();
      return;
    }
    for (const table of moving) {
      if (table.status === "DELETING") this.#change(host, [tableRowRemoval(table.name)]);
      else if (this.#isServed(table)) this.#change(host, planStatus(table, "ACTIVE").rows);
    }
    this.#reconcileSoon();
  }

  #change(host: GroupHost, rows: readonly Mutation[]): void {
    this.#commit(host, rows, nothing);
  }

  #isServed(table: TableSchema): boolean {
    let isServed = true;
    for (const partition of table.partitions) {
      if (this.#served.has(partition.group)) continue;
      isServed = false;
      for (const node of partition.replicas) this.#askStatus(node, partition.group);
    }
    return isServed;
  }

  #askStatus(node: NodeId, group: GroupId): void {
    const id = this.#nextId++;
    this.#asked.set(id, group);
    this.#env.network.send(node, {
      kind: REQUEST, from: this.#env.self, id, group, work: { kind: "status" }, bytesMax: 0,
    });
  }

  // ---- Telling the routers.

  #publishSoon(): void {
    if (this.#isPublishScheduled || this.#isStopped) return;
    this.#isPublishScheduled = true;
    this.#env.clock.endOfTurn(() => {
      this.#isPublishScheduled = false;
      const host = this.#systemHost();
      if (this.#isStopped || host === null) return;
      const isAuthoritative = host.session !== null && host.core.isLeaseLive(this.#env.clock.monotonicMs());
      const tables = this.#catalogue.tables();
      const system = { group: SYSTEM_GROUP, from: hashPoint(0), to: HASH_POINT_END, replicas: host.members };
      for (const router of this.#routers) {
        this.#env.network.send(router, {
          kind: CATALOGUE, from: this.#env.self, version: this.#version, isAuthoritative, tables, nodes: [], system,
        });
      }
    });
  }

  #systemHost(): GroupHost | null {
    return this.#env.replicator.host(SYSTEM_GROUP);
  }

  #reply(request: Request, outcome: WorkOutcome | Outcome): void {
    this.#env.network.send(request.from, { kind: REPLY, from: this.#env.self, id: request.id, outcome });
  }
}

function nothing(): void {}

function redirect(host: GroupHost | null): WorkOutcome {
  return { kind: "redirect", leader: host?.leader ?? null, reason: "another node leads the system group" };
}

// The storage node's request side: reads from this node's replicas, and writes on the groups it leads.
import type { NodeId } from "../../base/ids.ts";
import { must, unreachable } from "../../base/assert.ts";
import { scanBounds } from "../../model/key-encoding.ts";
import type { GetOperation, Outcome } from "../../model/operation.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Network } from "../../ports/network.ts";
import type { GroupHost } from "../../replication/group-host.ts";
import type { NodeReplicator } from "../../replication/node-replicator.ts";
import type { ItemTree } from "../../storage/tree/item-tree.ts";
import type { TreeDamage } from "../../storage/tree/tree-read.ts";
import type { LogEntry } from "../../wire/log-record.ts";
import {
  REPLY, type GroupStatusWork, type NodeMessage, type ReconfigureWork, type Redirect, type Reply, type Request,
  type SplitWork, type TransferWork, type WorkOutcome,
} from "../../wire/data-messages.ts";
import { GlobalIndexes } from "./global-indexes.ts";
import { EXPIRY_DEFAULT, ExpirySweep, type ExpiryOptions } from "./expiry-sweep.ts";
import { LedPartitions } from "./led-partition.ts";
import { MembershipWorks } from "./membership-works.ts";
import { elsewhere, redirect, type PlacedGroups } from "./moved.ts";
import { readItem, readPage } from "./read.ts";
import { SnapshotPages } from "./snapshot-pages.ts";
import { StreamTrim } from "./stream-trim.ts";
import { Streams } from "./streams.ts";
import { readStable } from "./stable-reads.ts";
import { TokenSweep } from "./token-sweep.ts";
import { TransactionRecovery } from "./transaction-recovery.ts";
import { Transactions } from "./transactions.ts";
import { Writes } from "./writes.ts";

export type StorageNodeEnv = {
  readonly self: NodeId;
  readonly clock: Clock;
  readonly network: Network<NodeMessage>;
  readonly tree: ItemTree;
  readonly replicator: NodeReplicator;
  readonly placed: PlacedGroups;
  /** Absent: the default pace. */
  readonly expiry?: ExpiryOptions;
  /** Ids of requests that no other request of this node has. */
  readonly nextId: () => number;
  /** Rows of indexes that travel together have about so many bytes at most. */
  readonly indexBatchBytes: number;
  /** How long changes wait before they go to global indexes; absent: not at all. */
  readonly indexLagMs?: () => number;
  /** How long records of streams are kept; absent: as long as DynamoDB does. */
  readonly streamRetentionMs?: number;
  /** The tree found bytes that fail their checksum: this node must stop. */
  readonly onDamage: (damage: TreeDamage) => void;
};

const DAMAGED: Redirect = { kind: "redirect", leader: null, reason: "the replica's tree is damaged" };

const noLag = (): number => 0;

export class StorageNode {
  readonly #env: StorageNodeEnv;
  readonly #membership: MembershipWorks;
  readonly #pages: SnapshotPages;
  readonly #led: LedPartitions;
  readonly #writes: Writes;
  readonly #transactions: Transactions;
  readonly #recovery: TransactionRecovery;
  readonly #tokens: TokenSweep;
  readonly #expiry: ExpirySweep;
  readonly #indexes: GlobalIndexes;
  readonly #streams: Streams;
  readonly #trim: StreamTrim;

  constructor(env: StorageNodeEnv) {
    this.#env = env;
    const answer = (request: Request, outcome: WorkOutcome): void => this.#reply(request, outcome);
    this.#led = new LedPartitions(env.tree, env.placed, env.clock);
    this.#indexes = new GlobalIndexes({
      ...env, answer, led: this.#led, lagMs: env.indexLagMs ?? noLag, batchBytes: env.indexBatchBytes,
    });
    this.#streams = new Streams({ ...env, answer, led: this.#led });
    this.#trim = new StreamTrim(env);
    this.#writes = new Writes({ ...env, answer, led: this.#led }, [this.#indexes, this.#streams]);
    this.#transactions = new Transactions({ ...env, answer, led: this.#led }, this.#writes);
    this.#recovery = new TransactionRecovery({ ...env, led: this.#led }, this.#transactions);
    this.#tokens = new TokenSweep(env);
    this.#membership = new MembershipWorks({ ...env, answer, led: this.#led });
    this.#pages = new SnapshotPages({ ...env, answer });
    this.#expiry = new ExpirySweep({
      ...env, options: env.expiry ?? EXPIRY_DEFAULT, expire: (host, operation) => this.#writes.expire(host, operation),
    });
  }

  /** What the node does by itself. Requests are taken without it. */
  start(): void {
    this.#expiry.start();
    this.#recovery.start();
    this.#tokens.start();
    this.#indexes.start();
    this.#trim.start();
  }

  stop(): void {
    this.#expiry.stop();
    this.#recovery.stop();
    this.#tokens.stop();
    this.#indexes.stop();
    this.#trim.stop();
  }

  onLeadership(host: GroupHost): void {
    this.#membership.onLeadership(host);
    this.#indexes.onLeadership(host);
  }

  /** This node has seen a newer catalogue. */
  onCatalogue(): void {
    this.#indexes.onCatalogue();
  }

  /** True when the reply was to a request of this role. */
  onReply(reply: Reply): boolean {
    return this.#recovery.onReply(reply) || this.#indexes.onReply(reply);
  }

  onApplied(host: GroupHost, entry: LogEntry): void {
    this.#membership.onApplied(host, entry);
  }

  onRequest(request: Request): void {
    const host = this.#env.replicator.host(request.group);
    if (host === null) {
      this.#reply(request, { kind: "redirect", leader: null, reason: "the group is not on this node" });
      return;
    }
    const { work } = request;
    switch (work.kind) {
      case "get":
        this.#reply(request, this.#get(host, work));
        return;
      case "get-many":
        this.#reply(request, this.#getMany(host, work.gets));
        return;
      case "query":
      case "scan":
        this.#reply(request, this.#page(host, request));
        return;
      case "put":
      case "delete":
      case "update":
        this.#writes.write(host, request, work);
        return;
      case "write-many":
        this.#writes.writeMany(host, request, work.writes);
        return;
      case "prepare":
        this.#transactions.onPrepare(host, request, work);
        return;
      case "finish":
        this.#transactions.onFinish(host, request, work);
        return;
      case "get-stable":
        this.#reply(request, this.#getStable(host, work.gets));
        return;
      case "status":
        this.#reply(request, this.#status(host));
        return;
      case "reconfigure":
      case "split":
      case "transfer":
      case "group-status":
        this.#onMembership(host, request, work);
        return;
      case "snapshot-page":
        this.#pages.onRequest(request);
        return;
      case "fill-index":
        this.#reply(request, this.#indexes.onFill(host, work));
        return;
      case "index-rows":
        this.#indexes.onRows(host, request, work);
        return;
      case "read-stream":
        this.#reply(request, this.#streams.read(host, work));
        return;
      case "switch-stream":
        this.#streams.onSwitch(host, request, work);
        return;
      case "register":
      case "admin":
      case "describe":
      case "table-work":
        this.#reply(request, { kind: "redirect", leader: null, reason: "table work goes to the metadata role" });
        return;
      default:
        unreachable(work);
    }
  }

  #onMembership(
    host: GroupHost, request: Request, work: ReconfigureWork | SplitWork | TransferWork | GroupStatusWork,
  ): void {
    switch (work.kind) {
      case "reconfigure":
        this.#membership.onReconfigure(host, request, work);
        return;
      case "split":
        this.#membership.onSplit(host, request, work);
        return;
      case "transfer":
        this.#membership.onTransfer(host, request, work);
        return;
      case "group-status":
        this.#membership.onGroupStatus(host, request);
        return;
      default:
        unreachable(work);
    }
  }

  #get(host: GroupHost, operation: GetOperation): WorkOutcome {
    if (!this.#canRead(host, operation.isStrong)) return elsewhere(host, this.#env.placed);
    const outcome = readItem(this.#env.tree, operation);
    return outcome.kind === "corrupt" ? this.#damaged(outcome) : outcome;
  }

  #getMany(host: GroupHost, gets: readonly GetOperation[]): WorkOutcome {
    const outcomes: Outcome[] = [];
    for (const get of gets) {
      const outcome = this.#get(host, get);
      if (outcome.kind !== "item") return outcome;
      outcomes.push(outcome);
    }
    return { kind: "many", outcomes };
  }

  #getStable(host: GroupHost, gets: readonly GetOperation[]): WorkOutcome {
    const { session } = host;
    if (!this.#canRead(host, true) || session === null) return elsewhere(host, this.#env.placed);
    const ready = this.#writes.ready(host, session, must(gets[0]).table);
    if (ready.kind !== "ready") return ready;
    const outcome = readStable(this.#env.tree, session, ready.partition, gets);
    return outcome.kind === "corrupt" ? this.#damaged(outcome) : outcome;
  }

  #page(host: GroupHost, request: Request): WorkOutcome {
    const { work } = request;
    if (work.kind !== "query" && work.kind !== "scan") return redirect(host);
    if (!this.#canRead(host, work.page.isStrong)) return elsewhere(host, this.#env.placed);
    const range = work.kind === "query" ? work
      : scanBounds(work.table.id, work.fromPoint, work.toPoint, work.page.index?.number);
    const outcome = readPage(this.#env.tree, work.table, range, work.page, request.bytesMax);
    return outcome.kind === "corrupt" ? this.#damaged(outcome) : outcome;
  }

  #status(host: GroupHost): WorkOutcome {
    if (host.session === null || host.isClosed) return elsewhere(host, this.#env.placed);
    const counters = this.#env.tree.counters(host.group);
    return { kind: "status", applied: host.appliedLsn, items: counters.items, bytes: counters.bytes };
  }

  /** A replica without a whole tree serves nothing; what a split group had is its children's. */
  #canRead(host: GroupHost, isStrong: boolean): boolean {
    if (!host.hasTree || host.isClosed) return false;
    return !isStrong || (host.session !== null && host.core.isLeaseLive(this.#env.clock.monotonicMs()));
  }

  #damaged(damage: TreeDamage): WorkOutcome {
    this.#env.onDamage(damage);
    return DAMAGED;
  }

  #reply(request: Request, outcome: WorkOutcome): void {
    this.#env.network.send(request.from, { kind: REPLY, from: this.#env.self, id: request.id, outcome });
  }
}

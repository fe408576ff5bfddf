// The request router: finds the partition of each operation, sends it to its leader (or, for an eventual
// read, to a replica of choice), gathers what spans partitions. Stateless but for its copy of the catalogue.
import { hashPoint, SYSTEM_GROUP, type HashPoint, type NodeId } from "../../base/ids.ts";
import { PAGE_BYTES_MAX } from "../../model/limits.ts";
import type {
  BatchGetOperation, BatchWriteOperation, DescribeTableOperation, Execute, GetOperation, ItemJson,
  ListTablesOperation, LookupTable, Operation, Outcome, PageOutcome, ScanOperation, WriteOperation,
} from "../../model/operation.ts";
import type { Partition, TableSchema } from "../../model/table-schema.ts";
import type { Clock, TimerHandle } from "../../ports/clock.ts";
import type { Network } from "../../ports/network.ts";
import type { Random } from "../../ports/random.ts";
import { CATALOGUE, CATALOGUE_ASK, REPLY, type NodeMessage, type Work } from "../../wire/data-messages.ts";
import { firstRequestId } from "../../wire/request-ids.ts";
import { PendingRequests, type Answered } from "./pending.ts";
import { partitionIndexOf, partitionOf, TableMap } from "./table-map.ts";

export type RouterEnv = {
  readonly self: NodeId;
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network<NodeMessage>;
  /** Members of the system group. */
  readonly metadataNodes: readonly NodeId[];
  /** The node that eventual reads go to when it has a replica; null sends them to the leader, never stale. */
  readonly nearNode: NodeId | null;
};

type Done = (outcome: Outcome) => void;

/** Until the first catalogue has come, and afterwards (so that a restarted node learns of this router). */
const ASK_MS_FIRST = 10;
const ASK_MS = 1_000;

export class Router {
  readonly #env: RouterEnv;
  readonly #tables: TableMap = new TableMap();
  readonly #pending: PendingRequests;
  #whenReady: (() => void)[] = [];
  #timer: TimerHandle | null = null;
  #isStopped = false;

  constructor(env: RouterEnv) {
    this.#env = env;
    this.#pending = new PendingRequests(env.self, env.clock, env.network, firstRequestId(env.random.u32()));
    this.#ask();
  }

  readonly execute: Execute = (operation, done) => this.#execute(operation, done);

  readonly lookupTable: LookupTable = (name) => {
    const table = this.#tables.get(name);
    return table === null || table.status === "DELETING" ? null : table;
  };

  get isReady(): boolean {
    return this.#tables.isReady;
  }

  /** Calls `callback` once the catalogue is known. */
  whenReady(callback: () => void): void {
    if (this.isReady) callback();
    else this.#whenReady.push(callback);
  }

  onMessage(message: NodeMessage): void {
    if (message.kind === REPLY) this.#pending.onReply(message);
    else if (message.kind === CATALOGUE) {
      this.#tables.replace(message);
      if (!this.isReady) return;
      const waiting = this.#whenReady;
      this.#whenReady = [];
      for (const callback of waiting) callback();
    }
  }

  stop(): void {
    this.#isStopped = true;
    if (this.#timer !== null) this.#env.clock.clearTimer(this.#timer);
    this.#pending.stop();
  }

  #ask(): void {
    if (this.#isStopped) return;
    for (const node of this.#env.metadataNodes) {
      this.#env.network.send(node, { kind: CATALOGUE_ASK, from: this.#env.self });
    }
    this.#timer = this.#env.clock.setTimer(this.isReady ? ASK_MS : ASK_MS_FIRST, () => this.#ask());
  }

  #execute(operation: Operation, done: Done): void {
    switch (operation.kind) {
      case "get":
        this.#toPartition(
          partitionOf(operation.table, operation.address.point), operation, 0, operation.isStrong, done,
        );
        return;
      case "put":
      case "delete":
      case "update":
        this.#toPartition(partitionOf(operation.table, operation.address.point), operation, 0, true, done);
        return;
      case "query": {
        const partition = partitionOf(operation.table, operation.point);
        this.#toPartition(partition, operation, PAGE_BYTES_MAX, operation.page.isStrong, done);
        return;
      }
      case "scan":
        this.#scan(operation, done);
        return;
      case "batch-get":
        this.#batchGet(operation, done);
        return;
      case "batch-write":
        this.#batchWrite(operation, done);
        return;
      case "create-table":
      case "delete-table":
        this.#changeTable({ kind: "table-work", operation }, done);
        return;
      case "describe-table":
        this.#describe(operation, done);
        return;
      case "list-tables":
        done(this.#list(operation));
        return;
    }
  }

  #toPartition(partition: Partition, work: Work, bytesMax: number, needsLeader: boolean, done: Done): void {
    this.#send(partition, work, bytesMax, needsLeader, (outcome) => done(single(outcome)));
  }

  #send(
    partition: Partition, work: Work, bytesMax: number, needsLeader: boolean, done: (outcome: Answered) => void,
  ): void {
    const { nearNode } = this.#env;
    const preferred = !needsLeader && nearNode !== null && partition.replicas.includes(nearNode) ? nearNode : null;
    this.#pending.start(partition.group, partition.replicas, work, bytesMax, preferred, done);
  }

  // ---- Pages over several partitions, in the order of their hash ranges.

  #scan(operation: ScanOperation, done: Done): void {
    const { table, page, toPoint } = operation;
    const start = page.after === null ? operation.fromPoint : pointOfKey(page.after);
    const runs: ItemJson[] = [];
    let count = 0;
    let scanned = 0;
    let scannedBytes = 0;
    let index = partitionIndexOf(table, start);
    const next = (): void => {
      const partition = table.partitions[index] as Partition;
      const work: ScanOperation = {
        kind: "scan", table,
        fromPoint: larger(operation.fromPoint, partition.from),
        toPoint: smaller(toPoint, partition.to),
        page: page.limit === null ? page : { ...page, limit: page.limit - scanned },
      };
      this.#send(partition, work, PAGE_BYTES_MAX - scannedBytes, page.isStrong, (outcome) => {
        if (outcome.kind !== "page") {
          done(single(outcome));
          return;
        }
        for (const run of outcome.runs) runs.push(run);
        count += outcome.count;
        scanned += outcome.scanned;
        scannedBytes += outcome.scannedBytes;
        index++;
        const isLast = index >= table.partitions.length || (table.partitions[index] as Partition).from >= toPoint;
        if (outcome.lastKey !== null || isLast) {
          const whole: PageOutcome = { kind: "page", runs, count, scanned, scannedBytes, lastKey: outcome.lastKey };
          done(whole);
        } else next();
      });
    };
    next();
  }

  // ---- Batches: one request per partition, outcomes put back in the order asked.

  #batchGet(operation: BatchGetOperation, done: Done): void {
    const outcomes = new Array<Outcome>(operation.gets.length);
    const shares = byPartition<GetOperation>(operation.gets);
    let left = shares.size;
    for (const [partition, share] of shares) {
      const gets = share.indexes.map((i) => operation.gets[i] as GetOperation);
      const needsLeader = gets.some((get) => get.isStrong);
      this.#send(partition, { kind: "get-many", gets }, 0, needsLeader, (outcome) => {
        spread(outcome, share.indexes, outcomes);
        left--;
        if (left === 0) done({ kind: "items", outcomes: outcomes as never });
      });
    }
  }

  #batchWrite(operation: BatchWriteOperation, done: Done): void {
    const outcomes = new Array<Outcome>(operation.writes.length);
    const shares = byPartition<WriteOperation>(operation.writes);
    let left = shares.size;
    for (const [partition, share] of shares) {
      const writes = share.indexes.map((i) => operation.writes[i] as WriteOperation);
      this.#send(partition, { kind: "write-many", writes }, 0, true, (outcome) => {
        spread(outcome, share.indexes, outcomes);
        left--;
        if (left === 0) done({ kind: "batch-written", outcomes: outcomes as never });
      });
    }
  }

  // ---- Tables.

  #changeTable(work: Work, done: Done): void {
    this.#pending.start(SYSTEM_GROUP, this.#env.metadataNodes, work, 0, null, (outcome) => {
      if (outcome.kind === "table") this.#tables.put(outcome.table);
      done(single(outcome));
    });
  }

  #list(operation: ListTablesOperation): Outcome {
    const { names } = this.#tables;
    const { after, limit } = operation;
    const from = after === null ? 0 : firstAfter(names, after);
    const page = names.slice(from, from + limit);
    const last = from + limit < names.length ? (page[page.length - 1] ?? null) : null;
    return { kind: "tables", names: page, last };
  }

  /** The table as cached, with the counters that the leaders of its partitions have now. */
  #describe(operation: DescribeTableOperation, done: Done): void {
    const table = this.#tables.get(operation.name);
    if (table === null) {
      done({ kind: "table-not-found", name: operation.name });
      return;
    }
    if (table.status !== "ACTIVE") {
      done({ kind: "table", table, itemCount: 0, sizeBytes: 0 });
      return;
    }
    let itemCount = 0;
    let sizeBytes = 0;
    let left = table.partitions.length;
    let refused: Outcome | null = null;
    for (const partition of table.partitions) {
      this.#send(partition, { kind: "status" }, 0, true, (outcome) => {
        if (outcome.kind === "status") {
          itemCount += outcome.items;
          sizeBytes += outcome.bytes;
        } else refused = single(outcome);
        left--;
        if (left === 0) done(refused ?? { kind: "table", table, itemCount, sizeBytes });
      });
    }
  }
}

type Share = { readonly indexes: number[] };

function byPartition<T extends { table: TableSchema; address: { point: HashPoint } }>(
  operations: readonly T[],
): Map<Partition, Share> {
  const shares = new Map<Partition, Share>();
  for (let i = 0; i < operations.length; i++) {
    const { table, address } = operations[i] as T;
    const partition = partitionOf(table, address.point);
    const share = shares.get(partition);
    if (share === undefined) shares.set(partition, { indexes: [i] });
    else share.indexes.push(i);
  }
  return shares;
}

function spread(outcome: Answered, indexes: readonly number[], into: Outcome[]): void {
  if (outcome.kind === "many") {
    for (let i = 0; i < indexes.length; i++) into[indexes[i] as number] = outcome.outcomes[i] as Outcome;
  } else {
    const refusal = single(outcome);
    for (const index of indexes) into[index] = refusal;
  }
}

function single(outcome: Answered): Outcome {
  switch (outcome.kind) {
    case "many":
    case "status":
    case "moved":
    case "done":
    case "not-now":
    case "group-status":
    case "snapshot-page":
    case "registered":
    case "described":
      return { kind: "unavailable", reason: "the storage node answered something else" };
    default:
      return outcome;
  }
}

function firstAfter(names: readonly string[], after: string): number {
  const index = names.findIndex((name) => name > after);
  return index === -1 ? names.length : index;
}

/** The hash point inside a tree key: six bytes behind the table id and the index number. */
function pointOfKey(key: string): HashPoint {
  let point = 0;
  for (let i = 5; i < 11; i++) point = point * 256 + key.charCodeAt(i);
  return hashPoint(point);
}

function larger(a: HashPoint, b: HashPoint): HashPoint {
  return a > b ? a : b;
}

function smaller(a: HashPoint, b: HashPoint): HashPoint {
  return a < b ? a : b;
}

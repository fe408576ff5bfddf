// The request router: finds the partition of each operation, sends it to its leader (or, for an eventual
// read, to a replica of choice), gathers what spans partitions. Stateless but for its copy of the catalogue.
import { reached } from "../../base/buggify.ts";
import { hashPoint, SYSTEM_GROUP, type GroupId, type HashPoint, type NodeId } from "../../base/ids.ts";
import { globalIndexesOf, hiddenTableName } from "../../model/global-index.ts";
import { PAGE_BYTES_MAX } from "../../model/limits.ts";
import type {
  BatchGetOperation, BatchWriteOperation, DescribeTableOperation, Execute, GetOperation, ItemCounts, ItemJson,
  ListTablesOperation, LookupTable, Operation, Outcome, PageOutcome, Refusal, ScanOperation, TableOutcome,
  WriteOperation,
} from "../../model/operation.ts";
import { entryEnded, LEDGER, LEDGER_NAME } from "../../model/ledger.ts";
import type { Partition, TableSchema } from "../../model/table-schema.ts";
import type { Clock, TimerHandle } from "../../ports/clock.ts";
import type { Network } from "../../ports/network.ts";
import type { Random } from "../../ports/random.ts";
import {
  CATALOGUE, CATALOGUE_ASK, REPLY, type AdminRequestWork, type DescribeWork, type Moved, type NodeMessage,
  type RegisterWork, type Work,
} from "../../wire/data-messages.ts";
import { firstRequestId } from "../../wire/request-ids.ts";
import { EndedEntries } from "./ended-entries.ts";
import type { Routes } from "./routes.ts";
import { transactGet } from "./transact-get.ts";
import { transactWrite } from "./transact-write.ts";
import { PendingRequests, type Answered, type Settle } from "./pending.ts";
import { partitionOf, TableMap } from "./table-map.ts";

export type RouterEnv = {
  readonly self: NodeId;
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network<NodeMessage>;
  /** Members of the system group as it began; where it is now, the catalogue tells. */
  readonly metadataNodes: readonly NodeId[];
  /** The node that eventual reads go to when it has a replica; null sends them to the leader, never stale. */
  readonly nearNode: NodeId | null;
};

type Done = (outcome: Outcome) => void;

/** Before it is looked again whether another router has made the ledger. */
const LEDGER_PAUSE_MS = 20;

/** Until the first catalogue has come, and afterwards (so that a restarted node learns of this router). */
const ASK_MS_FIRST = 10;
const ASK_MS = 1_000;
/** After so long without a catalogue the first members of the system group are asked again, too. */
const SILENT_MS_MAX = 5_000;
/** A group that says that it is split, and not into what, is asked again after this. */
const MOVED_PAUSE_MS = 20;

export class Router {
  readonly #env: RouterEnv;
  readonly #tables: TableMap = new TableMap();
  readonly #pending: PendingRequests;
  readonly #routes: Routes;
  readonly #ended: EndedEntries;
  #whenReady: (() => void)[] = [];
  #timer: TimerHandle | null = null;
  #heardMs = 0;
  #isStopped = false;

  constructor(env: RouterEnv) {
    this.#env = env;
    this.#pending = new PendingRequests(
      env.self, env.clock, env.network, firstRequestId(env.random.u32()), (group) => this.#tables.has(group),
    );
    this.#ended = new EndedEntries(env.clock, (writes, done) => {
      const gathered = new Gathered(writes.length, done);
      const share = (indexes: readonly number[], deadlineMs: number): void => {
        this.#shares(writes, indexes, gathered, deadlineMs, (some) => ({ kind: "write-many", writes: some }), share);
      };
      share(writes.map((_, i) => i), 0);
    });
    this.#routes = this.#makeRoutes();
    this.#ask();
  }

  readonly execute: Execute = (operation, done) => this.#execute(operation, done);

  readonly lookupTable: LookupTable = (name) => {
    return name === LEDGER_NAME ? null : this.knownTable(name);
  };

  /** Hidden tables too. */
  readonly knownTable: LookupTable = (name) => {
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
      this.#heardMs = this.#env.clock.monotonicMs();
      if (this.#tables.replace(message)) this.#pending.checkLeaders((group) => this.#tables.hosts(group));
      if (!this.isReady) return;
      const waiting = this.#whenReady;
      this.#whenReady = [];
      for (const callback of waiting) callback();
    }
  }

  /** Asks the leader of the system group what is none of the API's business. */
  askControlPlane(work: RegisterWork | AdminRequestWork | DescribeWork, done: (outcome: Answered) => void): void {
    this.#pending.start(SYSTEM_GROUP, this.#metadataNodes(), work, 0, null, 0, done);
  }

  stop(): void {
    this.#isStopped = true;
    this.#ended.stop();
    if (this.#timer !== null) this.#env.clock.clearTimer(this.#timer);
    this.#pending.stop();
  }

  #metadataNodes(): readonly NodeId[] {
    return this.#tables.system?.replicas ?? this.#env.metadataNodes;
  }

  #ask(): void {
    if (this.#isStopped) return;
    const { clock, network, metadataNodes, self } = this.#env;
    const asked = new Set(this.#metadataNodes());
    if (clock.monotonicMs() - this.#heardMs > SILENT_MS_MAX) for (const node of metadataNodes) asked.add(node);
    for (const node of asked) network.send(node, { kind: CATALOGUE_ASK, from: self });
    this.#timer = clock.setTimer(this.isReady ? ASK_MS : ASK_MS_FIRST, () => this.#ask());
  }

  #execute(operation: Operation, done: Done): void {
    switch (operation.kind) {
      case "get":
        this.#toPoint(operation.table, operation.address.point, operation, 0, operation.isStrong, 0, done);
        return;
      case "put":
      case "delete":
      case "update":
        this.#toPoint(operation.table, operation.address.point, operation, 0, true, 0, done);
        return;
      case "read-stream":
        this.#toPoint(operation.table, operation.point, operation, 0, true, 0, done);
        return;
      case "query": {
        const { table, point, page } = operation;
        this.#toPoint(table, point, operation, PAGE_BYTES_MAX, page.isStrong, 0, done);
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
      case "transact-write":
        transactWrite(this.#routes, operation, done);
        return;
      case "transact-get":
        transactGet(this.#routes, operation, done);
        return;
      case "create-table":
      case "delete-table":
        this.#changeTable({ kind: "table-work", operation }, done);
        return;
      case "update-table":
        this.#changeTable({ kind: "table-work", operation }, (outcome) => {
          // It is done, whether its partitions can be counted or not.
          if (outcome.kind !== "table") done(outcome);
          else this.#withCounts(outcome.table, (counted) => done(counted.kind === "table" ? counted : outcome));
        });
        return;
      case "describe-table":
        this.#describe(operation, done);
        return;
      case "list-tables":
        done(this.#list(operation));
        return;
    }
  }

  /** Sends to the partition that owns `point`; when that was split meanwhile, to its children, within the deadline. */
  #toPoint(
    table: TableSchema, point: HashPoint, work: Work, bytesMax: number, needsLeader: boolean, deadlineMs: number,
    done: Done,
  ): void {
    const partition = partitionOf(table, point);
    this.#send(partition, work, bytesMax, needsLeader, deadlineMs, (outcome, until) => {
      if (outcome.kind !== "moved") done(single(outcome));
      else {
        this.#again(table, partition.group, outcome, until, done, () => {
          this.#toPoint(this.#tables.newest(table), point, work, bytesMax, needsLeader, until, done);
        });
      }
    });
  }

  #send(
    partition: Partition, work: Work, bytesMax: number, needsLeader: boolean, deadlineMs: number, done: Settle,
  ): void {
    const { nearNode } = this.#env;
    const preferred = !needsLeader && nearNode !== null && partition.replicas.includes(nearNode) ? nearNode : null;
    this.#pending.start(partition.group, partition.replicas, work, bytesMax, preferred, deadlineMs, done);
  }

  /** The group was split, and the request certainly not executed: learns the children and sends it again. */
  #again(
    table: TableSchema, group: GroupId, { partitions }: Moved, deadlineMs: number, refuse: (why: Refusal) => void,
    retry: () => void,
  ): void {
    const { clock } = this.#env;
    reached("router: a request followed a split");
    if (this.#tables.get(table.name)?.id !== table.id) {
      refuse({ kind: "table-not-found", name: table.name });
      return;
    }
    if (this.#tables.takeOver(table.name, group, partitions)) {
      for (const child of partitions) this.#pending.inheritLeader(child.group, group);
    }
    const pauseMs = this.#tables.has(group) ? MOVED_PAUSE_MS : 0;
    if (this.#isStopped || clock.monotonicMs() + pauseMs > deadlineMs) {
      refuse({ kind: "unavailable", reason: "the partition was split, and its children are not found" });
    } else if (pauseMs === 0) retry();
    else clock.setTimer(pauseMs, retry);
  }

  // ---- Pages over several partitions, in the order of their hash ranges.

  #scan(operation: ScanOperation, done: Done): void {
    const { table, page, toPoint } = operation;
    const runs: ItemJson[] = [];
    let count = 0;
    let scanned = 0;
    let scannedBytes = 0;
    let fetched: PageOutcome["fetched"];
    /** All below `point` is read. */
    const next = (point: HashPoint, deadlineMs: number): void => {
      const partition = partitionOf(this.#tables.newest(table), point);
      const to = smaller(toPoint, partition.to);
      const work: ScanOperation = {
        kind: "scan", table,
        fromPoint: smaller(larger(operation.fromPoint, point), to),
        toPoint: to,
        page: page.limit === null ? page : { ...page, limit: page.limit - scanned },
      };
      const bytesLeft = PAGE_BYTES_MAX - scannedBytes - (fetched?.bytes ?? 0);
      this.#send(partition, work, bytesLeft, page.isStrong, deadlineMs, (outcome, until) => {
        if (outcome.kind === "moved") {
          this.#again(table, partition.group, outcome, until, done, () => next(point, until));
          return;
        }
        if (outcome.kind !== "page") {
          done(single(outcome));
          return;
        }
        for (const run of outcome.runs) runs.push(run);
        count += outcome.count;
        scanned += outcome.scanned;
        scannedBytes += outcome.scannedBytes;
        if (outcome.fetched !== undefined) {
          const { bytes, steps } = outcome.fetched;
          fetched = { bytes: bytes + (fetched?.bytes ?? 0), steps: steps + (fetched?.steps ?? 0) };
        }
        if (outcome.lastKey !== null || partition.to >= toPoint) {
          const whole: PageOutcome = { kind: "page", runs, count, scanned, scannedBytes, lastKey: outcome.lastKey };
          done(fetched === undefined ? whole : { ...whole, fetched });
        } else next(partition.to, 0);
      });
    };
    next(page.after === null ? operation.fromPoint : pointOfKey(page.after), 0);
  }

  // ---- Batches: one request per partition, outcomes put back in the order asked.

  #batchGet({ gets }: BatchGetOperation, done: Done): void {
    const gathered = new Gathered(gets.length, (outcomes) => done({ kind: "items", outcomes: outcomes as never }));
    const share = (indexes: readonly number[], deadlineMs: number): void => {
      this.#shares(gets, indexes, gathered, deadlineMs, (some) => ({ kind: "get-many", gets: some }), share);
    };
    share(gets.map((_, i) => i), 0);
  }

  #batchWrite({ writes }: BatchWriteOperation, done: Done): void {
    const gathered = new Gathered(writes.length, (outcomes) => {
      done({ kind: "batch-written", outcomes: outcomes as never });
    });
    const share = (indexes: readonly number[], deadlineMs: number): void => {
      this.#shares(writes, indexes, gathered, deadlineMs, (some) => ({ kind: "write-many", writes: some }), share);
    };
    share(writes.map((_, i) => i), 0);
  }

  /** Sends the chosen operations, those of one partition together; `again` is called with those that moved. */
  #shares<T extends GetOperation | WriteOperation>(
    all: readonly T[], indexes: readonly number[], gathered: Gathered, deadlineMs: number,
    workOf: (some: readonly T[]) => Work, again: (indexes: readonly number[], deadlineMs: number) => void,
  ): void {
    for (const [partition, share] of this.#byPartition(all, indexes)) {
      const some = share.map((i) => all[i] as T);
      const needsLeader = some.some((operation) => operation.kind !== "get" || operation.isStrong);
      this.#send(partition, workOf(some), 0, needsLeader, deadlineMs, (outcome, until) => {
        if (outcome.kind !== "moved") gathered.put(share, outcome);
        else {
          this.#again((some[0] as T).table, partition.group, outcome, until,
            (refusal) => gathered.put(share, refusal), () => again(share, until));
        }
      });
    }
  }

  #byPartition<T extends { table: TableSchema; address: { point: HashPoint } }>(
    all: readonly T[], indexes: readonly number[],
  ): Map<Partition, number[]> {
    const shares = new Map<Partition, number[]>();
    for (const i of indexes) {
      const { table, address } = all[i] as T;
      const partition = partitionOf(this.#tables.newest(table), address.point);
      const share = shares.get(partition);
      if (share === undefined) shares.set(partition, [i]);
      else share.push(i);
    }
    return shares;
  }

  // ---- Transactions.

  #makeRoutes(): Routes {
    const { self, clock, random } = this.#env;
    return {
      self, clock, random,
      byPartition: (all, indexes) => this.#byPartition(all, indexes),
      toLeader: (table, partition, work, deadlineMs, done, again) => {
        this.#send(partition, work, 0, true, deadlineMs, (outcome, until) => {
          if (outcome.kind !== "moved") done(outcome);
          else this.#again(table, partition.group, outcome, until, done, again);
        });
      },
      one: (operation, deadlineMs, done) => {
        this.#toPoint(operation.table, operation.address.point, operation, 0, true, deadlineMs, done);
      },
      many: (gets, done) => this.#batchGet({ kind: "batch-get", gets }, (outcome) => {
        done(outcome.kind === "items" ? outcome.outcomes : []);
      }),
      ended: (ledger, entry, id, timestamp) => this.#ended.add(entryEnded(ledger, entry, id, timestamp)),
      ledger: (deadlineMs, done) => this.#ledger(deadlineMs, done),
    };
  }

  /** Made at first use. Of several routers that make it at once one does, and the others learn of it. */
  #ledger(deadlineMs: number, done: (table: TableSchema | null) => void): void {
    const { clock } = this.#env;
    const known = this.#tables.get(LEDGER_NAME);
    if (known !== null || this.#isStopped || clock.monotonicMs() + LEDGER_PAUSE_MS > deadlineMs) {
      done(known);
      return;
    }
    this.#changeTable({ kind: "table-work", operation: { kind: "create-table", definition: LEDGER } }, () => {
      const made = this.#tables.get(LEDGER_NAME);
      if (made !== null) done(made);
      else clock.setTimer(LEDGER_PAUSE_MS, () => this.#ledger(deadlineMs, done));
    });
  }

  // ---- Tables.

  #changeTable(work: Work, done: Done): void {
    this.#pending.start(SYSTEM_GROUP, this.#metadataNodes(), work, 0, null, 0, (outcome) => {
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

  #describe({ name }: DescribeTableOperation, done: Done): void {
    const table = this.#tables.get(name);
    if (table === null) done({ kind: "table-not-found", name });
    else this.#withCounts(table, done);
  }

  /** The table with the counters that the leaders of its partitions have now. */
  #withCounts(table: TableSchema, done: Done): void {
    if (table.status !== "ACTIVE" && table.status !== "UPDATING") {
      done({ kind: "table", table, itemCount: 0, sizeBytes: 0 });
      return;
    }
    const hidden = globalIndexesOf(table).map((index) => this.#tables.get(hiddenTableName(table.name, index.name)));
    const counted: ItemCounts[] = new Array<ItemCounts>(1 + hidden.length).fill(NOTHING_COUNTED);
    let left = counted.length;
    let refused: Outcome | null = null;
    const finish = (): void => {
      left--;
      if (left > 0) return;
      const [own = NOTHING_COUNTED, ...indexCounts] = counted;
      const whole: TableOutcome = { kind: "table", table, ...own };
      done(refused ?? (hidden.length === 0 ? whole : { ...whole, indexCounts }));
    };
    [table, ...hidden].forEach((one, i) => {
      if (one === null || (i > 0 && one.status === "CREATING")) finish();
      else {
        this.#count(one, (counts, refusal) => {
          counted[i] = counts;
          refused ??= refusal;
          finish();
        });
      }
    });
  }

  /** Adds up what the leaders of the table's partitions count; `refusal`: why one did not. */
  #count(table: TableSchema, done: (counts: ItemCounts, refusal: Outcome | null) => void): void {
    let itemCount = 0;
    let sizeBytes = 0;
    let left = 0;
    let refused: Outcome | null = null;
    const finish = (refusal: Outcome | null): void => {
      refused ??= refusal;
      left--;
      if (left === 0) done({ itemCount, sizeBytes }, refused);
    };
    const ask = (partitions: readonly Partition[], deadlineMs: number): void => {
      left += partitions.length;
      for (const partition of partitions) {
        this.#send(partition, { kind: "status" }, 0, true, deadlineMs, (outcome, until) => {
          if (outcome.kind === "moved") {
            this.#again(table, partition.group, outcome, until, finish, () => {
              ask(this.#tables.newest(table).partitions.filter((now) => isWithin(now, partition)), until);
              finish(null);
            });
          } else if (outcome.kind === "status") {
            itemCount += outcome.items;
            sizeBytes += outcome.bytes;
            finish(null);
          } else finish(single(outcome));
        });
      }
    };
    ask(table.partitions, 0);
  }
}

const NOTHING_COUNTED: ItemCounts = { itemCount: 0, sizeBytes: 0 };

/** Outcomes of the operations of a batch, as they come. */
class Gathered {
  readonly #outcomes: Outcome[];
  readonly #done: (outcomes: readonly Outcome[]) => void;
  #left: number;

  constructor(count: number, done: (outcomes: readonly Outcome[]) => void) {
    this.#outcomes = new Array<Outcome>(count);
    this.#done = done;
    this.#left = count;
  }

  put(indexes: readonly number[], outcome: Answered): void {
    for (let i = 0; i < indexes.length; i++) {
      this.#outcomes[indexes[i] as number] = outcome.kind === "many" ? outcome.outcomes[i] as Outcome : single(outcome);
    }
    this.#left -= indexes.length;
    if (this.#left === 0) this.#done(this.#outcomes);
  }
}

function isWithin(partition: Partition, whole: Partition): boolean {
  return partition.from >= whole.from && partition.to <= whole.to;
}

function single(outcome: Answered): Outcome {
  switch (outcome.kind) {
    case "many":
    case "prepared":
    case "finished":
    case "stable-items":
    case "status":
    case "stream-switched":
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

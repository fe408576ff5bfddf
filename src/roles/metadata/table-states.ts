// Tables on their way to another state: a new one is ACTIVE once a leader serves each of its partitions; one that was
// changed when what the change takes is done; one that is being deleted goes at once, with its closed parents: nodes
// drop what the catalogue does not place on them.
import type { GroupId, TableId } from "../../base/ids.ts";
import { globalIndexesOf, hiddenTableName } from "../../model/global-index.ts";
import type { GlobalIndex, Partition, TableSchema } from "../../model/table-schema.ts";
import { newStream, settledStream } from "../../model/table-stream.ts";
import type { Asks } from "./asks.ts";
import type { Catalogue } from "./catalogue.ts";
import type { ClusterView } from "./cluster-view.ts";
import type { Draft } from "./draft.ts";
import { backfilling, IndexFills } from "./index-fills.ts";
import { hiddenNames } from "./plan-indexes.ts";
import { StreamSteps } from "./stream-steps.ts";

/** A replica that has not answered for so long is asked again. */
const STATUS_MS_MAX = 100;
/** A new partition that nobody serves for so long, on nodes of which one is lost, is begun anew elsewhere. */
const UNSERVED_MS_MAX = 10_000;
/** A change that takes no time at all is UPDATING for so long: clients are to meet that state as they do at AWS. */
const SHOWN_MS_MIN = 250;

export class TableStates {
  readonly #asks: Asks;
  readonly #onServed: () => void;
  readonly #fills: IndexFills;
  readonly #streams: StreamSteps;
  /** Groups of tables being created that a leader serves. */
  readonly #served: Set<GroupId> = new Set();
  /** Groups that nobody serves, and since when that is known. */
  readonly #unserved: Map<GroupId, number> = new Map();
  /** Tables that were seen UPDATING, and since when. */
  readonly #changing: Map<TableId, number> = new Map();
  /** Answers that are awaited, by group. */
  readonly #awaited: Map<GroupId, number> = new Map();

  constructor(asks: Asks, onServed: () => void) {
    this.#asks = asks;
    this.#onServed = onServed;
    this.#fills = new IndexFills(asks, onServed);
    this.#streams = new StreamSteps(asks, onServed);
  }

  /** True while tables are on their way. */
  look(catalogue: Catalogue, draft: Draft, view: ClusterView, nowMs: number, wallMs: number): boolean {
    let isBusy = false;
    for (const table of catalogue.tables()) {
      if (table.status === "DELETING") {
        draft.remove(table.name);
        for (const name of hiddenNames(table)) draft.remove(name);
        isBusy = true;
      } else if (table.status === "CREATING") {
        if (!this.#isServed(table, nowMs)) this.#beginAnew(table, draft, view, nowMs);
        else if (areIndexesServed(catalogue, table)) draft.put(created(table, wallMs));
        isBusy = true;
      } else if (table.status === "UPDATING") {
        this.#settle(catalogue, table, draft, nowMs, wallMs);
        isBusy = true;
      } else if (globalIndexesOf(table).some(({ status }) => status === "UPDATING")) {
        if (this.#wasShown(table.id, nowMs)) draft.put(withIndexesDone(table));
        isBusy = true;
      } else {
        for (const index of backfilling(table)) {
          if (this.#fills.isFilled(table, index, nowMs)) finishIndex(table, index, draft);
          isBusy = true;
        }
      }
    }
    if (!isBusy) this.clear();
    return isBusy;
  }

  /** A change is shown for a while, and done when indexes are served and all partitions have switched the stream. */
  #settle(catalogue: Catalogue, table: TableSchema, draft: Draft, nowMs: number, wallMs: number): void {
    const switched = this.#streams.timestamps(table, nowMs);
    if (switched === null || !areIndexesServed(catalogue, table) || !this.#wasShown(table.id, nowMs)) return;
    const { stream } = table;
    settle(stream === undefined ? table : { ...table, stream: settledStream(stream, switched, wallMs) }, draft);
  }

  #wasShown(table: TableId, nowMs: number): boolean {
    const sinceMs = this.#changing.get(table) ?? nowMs;
    const isShown = nowMs - sinceMs >= SHOWN_MS_MIN;
    if (isShown) this.#changing.delete(table);
    else this.#changing.set(table, sinceMs);
    return isShown;
  }

  clear(): void {
    this.#served.clear();
    this.#unserved.clear();
    this.#changing.clear();
    this.#awaited.clear();
    this.#fills.clear();
    this.#streams.clear();
  }

  /**
   * A group that lost its quorum before it ever served cannot be healed, and holds nothing: a table that is being
   * created takes no writes. A group with a new id takes its place.
   */
  #beginAnew(table: TableSchema, draft: Draft, view: ClusterView, nowMs: number): void {
    const isStuck = ({ group, replicas }: Partition): boolean => (
      nowMs - (this.#unserved.get(group) ?? nowMs) >= UNSERVED_MS_MAX && replicas.some((node) => view.isLost(node))
    );
    if (!table.partitions.some(isStuck)) return;
    const partitions = table.partitions.map((partition): Partition => {
      const replicas = isStuck(partition) ? view.chooseNew() : [];
      if (replicas.length === 0) return partition;
      const next = { ...partition, group: draft.takeGroup(), replicas };
      view.count(partition, -1);
      view.count(next, 1);
      return next;
    });
    const { stream } = table;
    draft.put({
      ...table, partitions,
      ...(stream === undefined ? {} : { stream: newStream(stream.viewType, stream.createdMs, partitions) }),
    });
  }

  #isServed(table: TableSchema, nowMs: number): boolean {
    let isServed = true;
    for (const { group, replicas } of table.partitions) {
      if (this.#served.has(group)) continue;
      isServed = false;
      if (!this.#unserved.has(group)) this.#unserved.set(group, nowMs);
      if ((this.#awaited.get(group) ?? 0) > 0) continue;
      let awaited = 0;
      for (const node of replicas) {
        const isAsked = this.#asks.ask(node, group, { kind: "status" }, STATUS_MS_MAX, (outcome) => {
          this.#awaited.set(group, (this.#awaited.get(group) ?? 1) - 1);
          if (outcome?.kind !== "status") return;
          this.#served.add(group);
          this.#onServed();
        });
        if (isAsked) awaited++;
      }
      this.#awaited.set(group, awaited);
    }
    return isServed;
  }
}

/** What the change took is done: indexes that were to go are gone. */
function settle(table: TableSchema, draft: Draft): void {
  const { globalIndexes, ...rest } = table;
  const kept: GlobalIndex[] = [];
  for (const index of globalIndexes ?? []) {
    if (index.status === "DELETING") draft.remove(hiddenTableName(table.name, index.name));
    else kept.push(index.status === "UPDATING" ? { ...index, status: "ACTIVE" } : index);
  }
  draft.put({ ...rest, status: "ACTIVE", ...(kept.length === 0 ? {} : { globalIndexes: kept }) });
}

function withIndexesDone(table: TableSchema): TableSchema {
  const globalIndexes = globalIndexesOf(table).map((index): GlobalIndex => (
    index.status === "UPDATING" ? { ...index, status: "ACTIVE" } : index
  ));
  return { ...table, globalIndexes };
}

function finishIndex(table: TableSchema, { name }: GlobalIndex, draft: Draft): void {
  const globalIndexes = globalIndexesOf(table).map((index): GlobalIndex => {
    const { isBackfilling: _, ...rest } = index;
    return index.name === name ? { ...rest, status: "ACTIVE" } : index;
  });
  draft.put({ ...table, globalIndexes });
}

/** The hidden tables of all indexes that the table has or is to have. */
function areIndexesServed(catalogue: Catalogue, table: TableSchema): boolean {
  return hiddenNames(table).every((name) => catalogue.table(name)?.status === "ACTIVE");
}

function created(table: TableSchema, wallMs: number): TableSchema {
  const { stream } = table;
  const active: TableSchema = {
    ...table, status: "ACTIVE",
    ...(stream === undefined ? {} : { stream: settledStream(stream, new Map(), wallMs) }),
  };
  return table.globalIndexes === undefined ? active
    : { ...active, globalIndexes: table.globalIndexes.map((index) => ({ ...index, status: "ACTIVE" })) };
}

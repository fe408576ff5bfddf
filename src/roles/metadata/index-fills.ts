// Indexes that were added to a table with items: asks the leader of each of the table's partitions to bring its items
// into the index, until all say that they have. What was said is kept here alone: a leader that has done it says so
// again, and one that has not does it anew.
import type { GroupId, NodeId } from "../../base/ids.ts";
import { globalIndexesOf } from "../../model/global-index.ts";
import type { GlobalIndex, Partition, TableSchema } from "../../model/table-schema.ts";
import type { Asks } from "./asks.ts";

/** A leader that has not answered for so long is asked again, and then another replica. */
const ANSWER_MS_MAX = 500;
/** How often a leader that is at it is asked. */
const ASK_MS = 50;

type Fill = {
  isDone: boolean;
  isAsked: boolean;
  askedMs: number;
  /** Who led when last heard; null: to be found out. */
  leader: NodeId | null;
  attempts: number;
};

export class IndexFills {
  readonly #asks: Asks;
  readonly #onFilled: () => void;
  /** By hidden table and group. */
  readonly #fills: Map<string, Fill> = new Map();

  constructor(asks: Asks, onFilled: () => void) {
    this.#asks = asks;
    this.#onFilled = onFilled;
  }

  clear(): void {
    this.#fills.clear();
  }

  /** True when every item of the table from before the index is in it. Else goes on. */
  isFilled(table: TableSchema, index: GlobalIndex, nowMs: number): boolean {
    let isFilled = true;
    for (const partition of table.partitions) {
      const fill = this.#of(index, partition.group);
      // What the parent had done before it was split, its children have with it.
      if (partition.parent !== undefined && this.#fills.get(keyOf(index, partition.parent))?.isDone === true) {
        fill.isDone = true;
      }
      if (fill.isDone) continue;
      isFilled = false;
      if (!fill.isAsked && nowMs - fill.askedMs >= ASK_MS) this.#ask(table, index, partition, fill, nowMs);
    }
    return isFilled;
  }

  #ask(
    { version }: TableSchema, { table: index }: GlobalIndex, { group, replicas }: Partition, fill: Fill, nowMs: number,
  ): void {
    const node = fill.leader ?? (replicas[fill.attempts++ % replicas.length] as NodeId);
    fill.askedMs = nowMs;
    fill.isAsked = this.#asks.ask(node, group, { kind: "fill-index", index, version }, ANSWER_MS_MAX, (outcome) => {
      fill.isAsked = false;
      switch (outcome?.kind) {
        case "done":
          fill.isDone = true;
          this.#onFilled();
          return;
        case "not-now":
          fill.leader = node;
          return;
        case "redirect":
          fill.leader = outcome.leader === node ? null : outcome.leader;
          return;
        default:
          fill.leader = null;
      }
    });
  }

  #of(index: GlobalIndex, group: GroupId): Fill {
    const key = keyOf(index, group);
    let fill = this.#fills.get(key);
    if (fill === undefined) {
      fill = { isDone: false, isAsked: false, askedMs: -Infinity, leader: null, attempts: 0 };
      this.#fills.set(key, fill);
    }
    return fill;
  }
}

function keyOf({ table }: GlobalIndex, group: GroupId): string {
  return `${table}:${group}`;
}

/** Indexes whose items from before are on their way. */
export function backfilling(table: TableSchema): readonly GlobalIndex[] {
  return globalIndexesOf(table).filter(({ status, isBackfilling }) => status === "CREATING" && isBackfilling === true);
}

// What a coordinator of transactions needs of the router.
import type { HashPoint, NodeId } from "../../base/ids.ts";
import type { GetOperation, GetOutcome, Outcome, PutOperation, Refusal } from "../../model/operation.ts";
import type { Partition, TableSchema } from "../../model/table-schema.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Random } from "../../ports/random.ts";
import type { Work } from "../../wire/data-messages.ts";
import type { Answered } from "./pending.ts";

export type Placeable = { readonly table: TableSchema; readonly address: { readonly point: HashPoint } };

export interface Routes {
  readonly self: NodeId;
  readonly clock: Clock;
  readonly random: Random;
  /** Which of `all` lie together. */
  byPartition<T extends Placeable>(all: readonly T[], indexes: readonly number[]): Map<Partition, number[]>;
  /** To the partition's leader. `again`: it was split and nothing is done; what lies where is to be asked anew. */
  toLeader(
    table: TableSchema, partition: Partition, work: Work, deadlineMs: number, done: (outcome: Answered) => void,
    again: () => void,
  ): void;
  one(operation: PutOperation | GetOperation, deadlineMs: number, done: (outcome: Outcome) => void): void;
  many(gets: readonly GetOperation[], done: (outcomes: readonly (GetOutcome | Refusal)[]) => void): void;
  /** All locks of a committed attempt are ended: its entry need not stay for their sake. */
  ended(ledger: TableSchema, entry: string, id: string, timestamp: number): void;
  /** The ledger's table, made at first use. */
  ledger(deadlineMs: number, done: (table: TableSchema | null) => void): void;
}

/** A transaction is given up after this; clients' own timeouts are longer. */
export const TRANSACTION_MS_MAX = 8_000;

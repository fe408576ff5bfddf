// Bad days on purpose, for tests of applications: requests that are throttled, fail or take long, reads and indexes
// that lag. What the application sees are the answers that DynamoDB gives on such days.
import { must } from "../base/assert.ts";
import { baseTableName } from "../model/global-index.ts";
import type {
  Execute, Operation, Outcome, Refusal, TransactGetOperation, TransactWriteOperation,
} from "../model/operation.ts";
import type { Clock } from "../ports/clock.ts";

/** Which requests are refused, and how. */
export type RefusalRule = {
  /** Null: all. */
  readonly tables: readonly string[] | null;
  /** Names of DynamoDB's operations; null: all. A PartiQL statement counts as what it does. */
  readonly operations: readonly string[] | null;
  /** Of 0 to 1. */
  readonly rate: number;
  readonly refusal: Refusal;
};

export type Disturbance = {
  readonly refusals: readonly RefusalRule[];
  /** Before every request is begun. */
  readonly latencyMs: number;
  /** How old the state is that eventually consistent reads see. */
  readonly eventualReadLagMs: number;
  /** How long changes wait before they go to global indexes. */
  readonly indexLagMs: number;
};

export const CALM: Disturbance = { refusals: [], latencyMs: 0, eventualReadLagMs: 0, indexLagMs: 0 };

const NAMES: Readonly<Record<Operation["kind"], string>> = {
  get: "GetItem", put: "PutItem", update: "UpdateItem", delete: "DeleteItem", query: "Query", scan: "Scan",
  "batch-get": "BatchGetItem", "batch-write": "BatchWriteItem", "transact-get": "TransactGetItems",
  "transact-write": "TransactWriteItems", "create-table": "CreateTable",
  "update-table": "UpdateTable", "delete-table": "DeleteTable", "describe-table": "DescribeTable",
  "list-tables": "ListTables", "read-stream": "GetRecords",
};

/** The names that rules may give. */
export const RULE_OPERATIONS: readonly string[] = Object.values(NAMES);

export class Disturber {
  disturbance: Disturbance = CALM;
  readonly #clock: Clock;
  /** Below 1. */
  readonly #draw: () => number;

  constructor(clock: Clock, draw: () => number) {
    this.#clock = clock;
    this.#draw = draw;
  }

  wrap(execute: Execute): Execute {
    return (operation, done) => {
      const { latencyMs } = this.disturbance;
      if (latencyMs === 0) this.#begin(execute, operation, done);
      else this.#clock.setTimer(latencyMs, () => this.#begin(execute, operation, done));
    };
  }

  #begin(execute: Execute, operation: Operation, done: (outcome: Outcome) => void): void {
    if (this.disturbance.refusals.length === 0) {
      execute(operation, done);
      return;
    }
    // Of a batch each item has its own luck; what is refused comes back to the client as unprocessed.
    if (operation.kind === "batch-get") {
      const share = this.#share(operation.gets, NAMES[operation.kind]);
      if (share.left.length === 0) done({ kind: "items", outcomes: share.merge([]) });
      else {
        execute({ kind: "batch-get", gets: share.left }, (outcome) => {
          done(outcome.kind === "items" ? { kind: "items", outcomes: share.merge(outcome.outcomes) } : outcome);
        });
      }
    } else if (operation.kind === "batch-write") {
      const share = this.#share(operation.writes, NAMES[operation.kind]);
      if (share.left.length === 0) done({ kind: "batch-written", outcomes: share.merge([]) });
      else {
        execute({ kind: "batch-write", writes: share.left }, (outcome) => {
          done(outcome.kind === "batch-written"
            ? { kind: "batch-written", outcomes: share.merge(outcome.outcomes) } : outcome);
        });
      }
    } else {
      const refusal = operation.kind === "transact-get" || operation.kind === "transact-write"
        ? this.#refusalOfAll(operation) : this.#refusalOf(NAMES[operation.kind], tableOf(operation));
      if (refusal === null) execute(operation, done);
      else done(refusal);
    }
  }

  /** One action that is refused is the end of a transaction, which tells it for each action. */
  #refusalOfAll(operation: TransactGetOperation | TransactWriteOperation): Refusal | null {
    const all = operation.kind === "transact-get" ? operation.gets : operation.actions;
    const reasons = all.map(({ table }) => this.#refusalOf(NAMES[operation.kind], table.name));
    const failed = reasons.find((reason) => reason?.kind === "unavailable");
    if (failed !== undefined) return failed;
    return reasons.some((reason) => reason !== null) ? { kind: "cancelled", reasons } : null;
  }

  /** Those that are let through, and how to put their outcomes back among the refused. */
  #share<One extends { readonly table: { readonly name: string } }>(
    all: readonly One[], name: string,
  ): { readonly left: readonly One[]; readonly merge: <T>(outcomes: readonly T[]) => readonly (T | Refusal)[] } {
    const refusals = all.map(({ table }) => this.#refusalOf(name, table.name));
    return {
      left: all.filter((_, i) => refusals[i] === null),
      merge: (outcomes) => {
        let at = 0;
        return refusals.map((refusal) => refusal ?? must(outcomes[at++], "one outcome for each that was let through"));
      },
    };
  }

  #refusalOf(name: string, table: string | null): Refusal | null {
    const base = table === null ? null : baseTableName(table);
    for (const { tables, operations, rate, refusal } of this.disturbance.refusals) {
      if (tables !== null && (base === null || !tables.includes(base))) continue;
      if (operations !== null && !operations.includes(name)) continue;
      if (this.#draw() < rate) return refusal;
    }
    return null;
  }
}

type OfSeveral = "batch-get" | "batch-write" | "transact-get" | "transact-write";

function tableOf(operation: Exclude<Operation, { kind: OfSeveral }>): string | null {
  if ("table" in operation) return operation.table.name;
  if ("name" in operation) return operation.name;
  return operation.kind === "create-table" ? operation.definition.name : null;
}

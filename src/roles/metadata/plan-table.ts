// Decides what CreateTable and DeleteTable do to the catalogue: pure, from the catalogue as applied.
import type { GroupId } from "../../base/ids.ts";
import { must } from "../../base/assert.ts";
import { globalIndexesOf } from "../../model/global-index.ts";
import type { Refusal } from "../../model/operation.ts";
import type { Billing, GlobalIndex, TableDefinition, TableSchema } from "../../model/table-schema.ts";
import { withNewStream } from "../../model/table-stream.ts";
import type { Mutation } from "../../wire/log-record.ts";
import { counterRow, tableRow, type Catalogue } from "./catalogue.ts";
import type { ClusterView } from "./cluster-view.ts";
import { NewIds } from "./new-ids.ts";
import { equalPartitions } from "./new-partitions.ts";
import { newIndex } from "./plan-indexes.ts";

export type TablePlan =
  /** Without rows: nothing changes. */
  | { readonly kind: "plan"; readonly rows: readonly Mutation[]; readonly table: TableSchema }
  | Refusal;

/** DynamoDB's quota of tables per account and region. */
const TABLES_MAX = 2_500;

export type CreateContext = {
  readonly view: ClusterView;
  readonly nowMs: number;
  readonly uuid: () => string;
  readonly partitionsPerTable: number;
};

export function planCreate(catalogue: Catalogue, definition: TableDefinition, context: CreateContext): TablePlan {
  const known = catalogue.table(definition.name);
  if (known?.status === "CREATING") return beingChanged(known);
  if (known !== null) return { kind: "table-exists", name: definition.name };
  if (catalogue.tableCount >= TABLES_MAX) {
    return {
      kind: "limit-exceeded",
      message: `Subscriber limit exceeded: There is a limit of ${TABLES_MAX} tables per subscriber`,
    };
  }
  const count = definition.partitionCount ?? context.partitionsPerTable;
  const ids = new NewIds(catalogue.counters);
  const takeGroup = (): GroupId => ids.takeGroup();
  const partitions = equalPartitions(count, context.view, takeGroup);
  if (partitions === null) return NO_ROOM;
  const { partitionCount: _, globalIndexes: definitions, billing, streamView, ...wanted } = definition;
  let table: TableSchema = {
    ...wanted, id: ids.takeTable(), status: "CREATING", version: 1, createdMs: context.nowMs,
    uuid: context.uuid(), billing: withOnDemandTime(billing, context.nowMs), partitions,
  };
  if (streamView !== undefined) table = withNewStream(table, streamView, context.nowMs);
  const rows: Mutation[] = [];
  const globalIndexes: GlobalIndex[] = [];
  for (const one of definitions ?? []) {
    const made = newIndex(table, one, count, false, { ...context, takeGroup, takeTable: () => ids.takeTable() });
    if (made === null) return NO_ROOM;
    globalIndexes.push(made.index);
    rows.push(tableRow(made.hidden));
  }
  if (globalIndexes.length > 0) table = { ...table, globalIndexes };
  return { kind: "plan", rows: [counterRow(must(ids.counters)), tableRow(table), ...rows], table };
}

const NO_ROOM: Refusal = { kind: "unavailable", reason: "no node can take a replica" };

export function planDelete(catalogue: Catalogue, name: string): TablePlan {
  const table = catalogue.table(name);
  if (table === null) return { kind: "table-not-found", name };
  const { status, stream } = table;
  if (status === "CREATING" || status === "DELETING") return beingChanged(table);
  if (stream?.status === "ENABLING" || stream?.status === "DISABLING") {
    return stillInUse(name, "Cannot delete table while stream is being enabled/disabled.");
  }
  if (globalIndexesOf(table).some((index) => index.status !== "ACTIVE")) {
    return stillInUse(name, "Cannot delete table while indexes are being created, updated, or deleted.");
  }
  if (status === "UPDATING") return stillInUse(name, `Table: ${name} is in the process of being updated.`);
  if (table.deletionProtection) {
    return {
      kind: "invalid",
      message: "Resource cannot be deleted as it is currently protected against deletion. "
        + "Disable deletion protection first.",
    };
  }
  return planStatus(table, "DELETING");
}

/** Null: the table is at rest. */
export function refuseInUse(table: TableSchema): Refusal | null {
  return table.status === "ACTIVE" ? null : beingChanged(table);
}

function beingChanged({ name, status }: TableSchema): Refusal {
  const doing = status === "DELETING" ? "deleted" : status === "CREATING" ? "created" : "updated";
  return stillInUse(name, `Table is being ${doing}: ${name}`);
}

export function stillInUse(name: string, why: string): Refusal {
  return { kind: "table-in-use", name, message: `Attempt to change a resource which is still in use: ${why}` };
}

function withOnDemandTime(billing: Billing, nowMs: number): Billing {
  return billing.mode === "PAY_PER_REQUEST" ? { ...billing, onDemandMs: nowMs } : billing;
}

export function planStatus(table: TableSchema, status: TableSchema["status"]): TablePlan & { kind: "plan" } {
  const next: TableSchema = { ...table, status, version: table.version + 1 };
  return { kind: "plan", rows: [tableRow(next)], table: next };
}

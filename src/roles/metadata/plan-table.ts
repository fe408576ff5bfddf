// Decides what CreateTable and DeleteTable do to the catalogue: pure, from the catalogue as applied.
import { hashPoint, HASH_POINT_END } from "../../base/ids.ts";
import type { Refusal } from "../../model/operation.ts";
import type { Billing, Partition, TableDefinition, TableSchema } from "../../model/table-schema.ts";
import type { Mutation } from "../../wire/log-record.ts";
import { counterRow, tableRow, type Catalogue } from "./catalogue.ts";
import type { ClusterView } from "./cluster-view.ts";

export type TablePlan =
  /** Without rows: nothing changes. */
  | { readonly kind: "plan"; readonly rows: readonly Mutation[]; readonly table: TableSchema }
  | Refusal;

/** DynamoDB's quota of tables per account and region. */
const TABLES_MAX = 2_500;

export type CreateContext = {
  readonly view: ClusterView;
  readonly nowMs: number;
  readonly uuid: string;
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
  const partitions: Partition[] = [];
  for (let i = 0; i < count; i++) {
    const replicas = context.view.chooseNew();
    if (replicas.length === 0) return { kind: "unavailable", reason: "no node can take a replica" };
    const partition = {
      group: catalogue.nextGroupId(i), from: boundary(i, count), to: boundary(i + 1, count), replicas,
    };
    context.view.count(partition, 1);
    partitions.push(partition);
  }
  const { partitionCount: _, billing, ...wanted } = definition;
  const table: TableSchema = {
    ...wanted, id: catalogue.nextTableId(), status: "CREATING", version: 1, createdMs: context.nowMs,
    uuid: context.uuid, billing: withOnDemandTime(billing, context.nowMs), partitions,
  };
  const { nextTable, nextGroup } = catalogue.counters;
  const counters = { ...catalogue.counters, nextTable: nextTable + 1, nextGroup: nextGroup + count };
  return { kind: "plan", rows: [counterRow(counters), tableRow(table)], table };
}

export function planDelete(catalogue: Catalogue, name: string): TablePlan {
  const table = catalogue.table(name);
  if (table === null) return { kind: "table-not-found", name };
  const inUse = refuseInUse(table);
  if (inUse !== null) return inUse;
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
  return {
    kind: "table-in-use", name,
    message: `Attempt to change a resource which is still in use: Table is being ${doing}: ${name}`,
  };
}

function withOnDemandTime(billing: Billing, nowMs: number): Billing {
  return billing.mode === "PAY_PER_REQUEST" ? { ...billing, onDemandMs: nowMs } : billing;
}

export function planStatus(table: TableSchema, status: TableSchema["status"]): TablePlan & { kind: "plan" } {
  const next: TableSchema = { ...table, status, version: table.version + 1 };
  return { kind: "plan", rows: [tableRow(next)], table: next };
}

/** Where the i-th of `count` equal shares of the hash space begins. */
function boundary(i: number, count: number): Partition["from"] {
  return i === count ? HASH_POINT_END : hashPoint(Math.floor((HASH_POINT_END / count) * i));
}

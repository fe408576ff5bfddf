// The step of a table's change that adds, changes and removes global indexes.
import type { GroupId, TableId } from "../../base/ids.ts";
import { globalIndexesOf } from "../../model/global-index.ts";
import { GLOBAL_INDEX_COUNT_MAX, INDEX_PROJECTED_COUNT_MAX } from "../../model/limits.ts";
import { localIndexesOf } from "../../model/local-index.ts";
import type { Refusal } from "../../model/operation.ts";
import type { GlobalIndex, GlobalIndexDefinition, KeyAttribute, TableSchema } from "../../model/table-schema.ts";
import type { IndexUpdate, Throughput } from "../../model/table-settings.ts";
import { warmOf } from "../../model/warm-throughput.ts";
import { changedUnits } from "./plan-billing.ts";
import { newIndex } from "./plan-indexes.ts";
import { stillInUse } from "./plan-table.ts";
import type { Changed, UpdateContext } from "./update-step.ts";

const INVALID = "One or more parameter values were invalid: ";

type Kind<K extends IndexUpdate["kind"]> = Extract<IndexUpdate, { kind: K }>;

export function changeIndexes(
  table: TableSchema, updates: readonly IndexUpdate[], context: UpdateContext,
): Changed | Refusal {
  const names = new Set<string>();
  for (const update of updates) {
    const name = update.kind === "create" ? update.index.name : update.name;
    if (names.has(name)) {
      return invalid(`${INVALID}Only one global secondary index update per index is allowed simultaneously. `
        + `Index: ${name}`);
    }
    names.add(name);
  }
  const online = updates.filter(({ kind }) => kind !== "update");
  const underWay = globalIndexesOf(table).find(({ status }) => status === "CREATING" || status === "DELETING");
  const first = online[0];
  const isItsDeletion = online.length === 1 && first?.kind === "delete" && first.name === underWay?.name;
  if (online.length > 1 || (first !== undefined && underWay !== undefined && !isItsDeletion)) return ONE_AT_A_TIME;
  let next: Changed = { kind: "changed", table };
  for (const update of updates) {
    const step = update.kind === "create" ? create(next.table, update, context)
      : update.kind === "delete" ? remove(next.table, update) : change(next.table, update, context);
    if (step.kind !== "changed") return step;
    next = { ...step, added: [...(next.added ?? []), ...(step.added ?? [])] };
  }
  return online.length === 0 ? { ...next, isQuiet: true } : next;
}

const ONE_AT_A_TIME: Refusal = {
  kind: "limit-exceeded",
  message: "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table",
};

function create(table: TableSchema, { index }: Kind<"create">, context: UpdateContext): Changed | Refusal {
  const indexes = globalIndexesOf(table);
  const { name } = index;
  if ([...indexes, ...localIndexesOf(table)].some((other) => other.name === name)) {
    return invalid("Attempting to create an index which already exists");
  }
  if (indexes.length >= GLOBAL_INDEX_COUNT_MAX) {
    return {
      kind: "limit-exceeded",
      message: "Subscriber limit exceeded: Number of global secondary indexes exceeds per-table limit of "
        + GLOBAL_INDEX_COUNT_MAX,
    };
  }
  const wrong = keysProblem(table, index) ?? projectedProblem(table, index) ?? billingProblem(table, index);
  if (wrong !== null) return invalid(wrong);
  const { ids } = context;
  const made = newIndex(table, index, table.partitions.length, true, {
    ...context, takeGroup: (): GroupId => ids.takeGroup(), takeTable: (): TableId => ids.takeTable(),
  });
  if (made === null) return { kind: "unavailable", reason: "no node can take a replica" };
  return { kind: "changed", table: { ...table, globalIndexes: [...indexes, made.index] }, added: [made.hidden] };
}

/** An attribute has one type in the table and in all of its indexes. */
function keysProblem(table: TableSchema, { hashKeys, rangeKeys }: GlobalIndexDefinition): string | null {
  const known: KeyAttribute[] = table.rangeKey === null ? [table.hashKey] : [table.hashKey, table.rangeKey];
  for (const { rangeKey } of localIndexesOf(table)) known.push(rangeKey);
  for (const index of globalIndexesOf(table)) known.push(...index.hashKeys, ...index.rangeKeys);
  for (const { name, type } of [...hashKeys, ...rangeKeys]) {
    if (known.some((other) => other.name === name && other.type !== type)) {
      return `${INVALID}Attribute ${name} is defined with another type already`;
    }
  }
  return null;
}

function projectedProblem(table: TableSchema, index: GlobalIndexDefinition): string | null {
  let count = index.projection.attributes.length;
  for (const { projection } of [...localIndexesOf(table), ...globalIndexesOf(table)]) {
    count += projection.attributes.length;
  }
  return count <= INDEX_PROJECTED_COUNT_MAX ? null
    : `${INVALID}Number of NonKeyAttributes exceeds per-table limit of ${INDEX_PROJECTED_COUNT_MAX}`;
}

function billingProblem({ billing: { mode } }: TableSchema, { name, billing }: GlobalIndexDefinition): string | null {
  if (billing.mode === mode) return null;
  return mode === "PROVISIONED"
    ? `${INVALID}Both ReadCapacityUnits and WriteCapacityUnits must be specified for index: ${name}`
    : `${INVALID}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified for index: ${name} `
      + "when BillingMode is PAY_PER_REQUEST";
}

/** It goes once the table is no longer UPDATING: see table-states.ts. */
function remove(table: TableSchema, { name }: Kind<"delete">): Changed | Refusal {
  const found = globalIndexesOf(table).find((index) => index.name === name);
  if (found === undefined) return noIndex(table, name, "delete");
  if (found.status === "DELETING") return indexInUse(table, found);
  if (isBeforeItems(table, found)) {
    return inUse(table, found, "Index creation is in resource allocation phase. "
      + "Retry deletion during backfilling phase or when the index is active.");
  }
  return replaced(table, { ...found, status: "DELETING" });
}

function change(table: TableSchema, update: Kind<"update">, { nowMs }: UpdateContext): Changed | Refusal {
  const { name, throughput, onDemandCap, warm } = update;
  const found = globalIndexesOf(table).find((index) => index.name === name);
  if (found === undefined) return noIndex(table, name, "update");
  if (throughput === undefined && onDemandCap === undefined && warm === undefined) return noChange(table, name);
  if (throughput !== undefined && table.billing.mode !== "PROVISIONED") return noChange(table, name);
  if (found.status !== "ACTIVE") return indexInUse(table, found);
  let next: GlobalIndex = found;
  if (throughput !== undefined) {
    const { onDemandCap: _, ...rest } = found;
    const { billing } = found;
    const changed = billing.mode === "PROVISIONED" ? changedUnits(billing, throughput, name, nowMs)
      : { ...billing, mode: table.billing.mode, ...throughput };
    if ("kind" in changed) return changed;
    next = { ...rest, status: "UPDATING", billing: changed, warm: unitsOf(warmOf(found)) };
  }
  if (onDemandCap !== undefined) {
    if (table.billing.mode !== "PAY_PER_REQUEST") {
      const member = onDemandCap.readUnits === undefined ? "MaxWriteRequestUnits" : "MaxReadRequestUnits";
      return invalid(`${INVALID}${member} for OnDemandThroughput for index : ${name} cannot be specified `
        + "when the table BillingMode is PROVISIONED");
    }
    const { onDemandCap: current, ...rest } = next;
    const cap = { readUnits: null, writeUnits: null, ...current, ...onDemandCap };
    const isNone = cap.readUnits === null && cap.writeUnits === null;
    next = { ...rest, status: "UPDATING", ...(isNone ? {} : { onDemandCap: cap }) };
  }
  if (warm !== undefined) {
    const { readUnits, writeUnits } = warmOf(found);
    const wanted = { readUnits, writeUnits, ...warm };
    if (wanted.readUnits < readUnits) return invalid(coolsDown("ReadUnitsPerSecond", name));
    if (wanted.writeUnits < writeUnits) return invalid(coolsDown("WriteUnitsPerSecond", name));
    next = { ...next, warm: wanted };
  }
  return replaced(table, next);
}

function coolsDown(member: string, index: string): string {
  return `${INVALID}Requested ${member} for WarmThroughput for index ${index} is lower than current WarmThroughput, `
    + "decreasing WarmThroughput is not supported";
}

function noIndex(table: TableSchema, name: string, what: "delete" | "update"): Refusal {
  return localIndexesOf(table).some((index) => index.name === name)
    ? invalid(`Cannot ${what} an index that is not a GlobalSecondaryIndex: ${name}`)
    : { kind: "index-not-found", name };
}

function noChange({ billing }: TableSchema, name: string): Refusal {
  return invalid(billing.mode === "PROVISIONED"
    ? `${INVALID}Both ReadCapacityUnits and WriteCapacityUnits must be specified for index: ${name}`
    : `${INVALID}The only Updates for index: ${name} when TableThroughputMode is PAY_PER_REQUEST can be to `
      + "OnDemandThroughput, WarmThroughput");
}

/** The index has its place not yet: only then its items come. */
function isBeforeItems({ status }: TableSchema, index: GlobalIndex): boolean {
  return status === "UPDATING" && index.status === "CREATING";
}

function indexInUse(table: TableSchema, index: GlobalIndex): Refusal {
  if (isBeforeItems(table, index)) return inUse(table, index, "Index is being created but is not backfilling yet.");
  const doing = index.status === "DELETING" ? "deleted" : index.status === "CREATING" ? "created" : "updated";
  return inUse(table, index, `Index is being ${doing}.`);
}

function inUse({ name }: TableSchema, index: GlobalIndex, why: string): Refusal {
  return stillInUse(name, `${why}  Table: ${name} Index: ${index.name}`);
}

function unitsOf({ readUnits, writeUnits }: Throughput): Throughput {
  return { readUnits, writeUnits };
}

function replaced(table: TableSchema, index: GlobalIndex): Changed {
  const globalIndexes = globalIndexesOf(table).map((other) => (other.name === index.name ? index : other));
  return { kind: "changed", table: { ...table, globalIndexes } };
}

/**
 * After all steps: indexes are billed as their table is. On demand needs nothing; provisioned needs units for each.
 */
export function withIndexBilling(table: TableSchema): TableSchema | Refusal {
  const { mode } = table.billing;
  if (globalIndexesOf(table).every(({ billing }) => billing.mode === mode)) return table;
  const other = globalIndexesOf(table).find(({ billing }) => billing.mode !== mode);
  if (mode === "PROVISIONED" && other !== undefined) {
    return invalid(`${INVALID}ProvisionedThroughput must be specified for index: ${other.name}`);
  }
  return {
    ...table,
    globalIndexes: globalIndexesOf(table).map((index) => (
      { ...index, billing: { ...index.billing, mode, readUnits: 0, writeUnits: 0 }, warm: unitsOf(warmOf(index)) }
    )),
  };
}

function invalid(message: string): Refusal {
  return { kind: "invalid", message };
}

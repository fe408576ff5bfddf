// The hidden tables that hold the rows of global indexes: how they come and go with their table.
import type { GroupId, TableId } from "../../base/ids.ts";
import { globalIndexesOf, globalKeyNames, hiddenTableName } from "../../model/global-index.ts";
import type { Partition, GlobalIndex, GlobalIndexDefinition, TableSchema } from "../../model/table-schema.ts";
import type { ClusterView } from "./cluster-view.ts";
import { equalPartitions } from "./new-partitions.ts";

export type HiddenContext = {
  readonly view: ClusterView;
  readonly nowMs: number;
  readonly uuid: () => string;
  readonly takeGroup: () => GroupId;
  readonly takeTable: () => TableId;
};

export type NewIndex = { readonly index: GlobalIndex; readonly hidden: TableSchema };

/** An index of `table` as it begins, with as many partitions as `count` says. Null: no node can take a replica. */
export function newIndex(
  table: Pick<TableSchema, "id" | "name" | "hashKey" | "rangeKey">, definition: GlobalIndexDefinition, count: number,
  isBackfilling: boolean, { view, nowMs, uuid, takeGroup, takeTable }: HiddenContext,
): NewIndex | null {
  const partitions: readonly Partition[] | null = equalPartitions(count, view, takeGroup);
  if (partitions === null) return null;
  const id = takeTable();
  const { billing, ...wanted } = definition;
  const { mode, readUnits, writeUnits } = billing;
  return {
    index: {
      ...wanted, billing: { mode, readUnits, writeUnits }, status: "CREATING", table: id,
      ...(isBackfilling ? { isBackfilling: true } : {}),
    },
    hidden: {
      id, name: hiddenTableName(table.name, definition.name), hashKey: definition.hashKeys[0] as TableSchema["hashKey"],
      rangeKey: null,
      indexOf: { table: table.id, name: table.name, keyNames: globalKeyNames(table, definition) },
      status: "CREATING", version: 1, createdMs: nowMs, uuid: uuid(),
      billing: { mode: "PAY_PER_REQUEST", readUnits: 0, writeUnits: 0 }, deletionProtection: false, tableClass: null,
      partitions,
    },
  };
}

/** Names of the hidden tables of all of the table's indexes. */
export function hiddenNames(table: TableSchema): readonly string[] {
  return globalIndexesOf(table).map(({ name }) => hiddenTableName(table.name, name));
}

// TableDescription as JSON.
import { localIndexesOf } from "../../../model/local-index.ts";
import type { TableOutcome } from "../../../model/operation.ts";
import type { KeyAttribute, TableSchema, TableStatus } from "../../../model/table-schema.ts";

/** Units per second that an on-demand table can serve at once from its creation, as AWS states them. */
const ON_DEMAND_WARM = { ReadUnitsPerSecond: 12_000, WriteUnitsPerSecond: 4_000 } as const;

/** `status` stands in for the table's own: an answer tells the state the operation has just asked for. */
export function tableDescriptionJson(
  outcome: TableOutcome, status: TableStatus, region: string, accountId: string,
): string {
  return JSON.stringify(tableDescription(outcome, status, region, accountId));
}

export function tableArn(region: string, accountId: string, name: string): string {
  return `arn:aws:dynamodb:${region}:${accountId}:table/${name}`;
}

function tableDescription(
  outcome: TableOutcome, status: TableStatus, region: string, accountId: string,
): Readonly<Record<string, unknown>> {
  const { table } = outcome;
  const keys: KeyAttribute[] = table.rangeKey === null ? [table.hashKey] : [table.hashKey, table.rangeKey];
  const createdSeconds = table.createdMs / 1000;
  return {
    AttributeDefinitions: definedIn(table, keys).map((key) => ({ AttributeName: key.name, AttributeType: key.type })),
    TableName: table.name,
    KeySchema: keys.map((key, i) => ({ AttributeName: key.name, KeyType: i === 0 ? "HASH" : "RANGE" })),
    TableStatus: status,
    CreationDateTime: createdSeconds,
    ProvisionedThroughput: {
      NumberOfDecreasesToday: 0,
      ReadCapacityUnits: table.billing.readUnits,
      WriteCapacityUnits: table.billing.writeUnits,
    },
    TableSizeBytes: outcome.sizeBytes,
    ItemCount: outcome.itemCount,
    TableArn: tableArn(region, accountId, table.name),
    TableId: table.uuid,
    ...localIndexes(table, tableArn(region, accountId, table.name)),
    ...billingSummary(table, createdSeconds),
    ...(table.tableClass === null ? {} : { TableClassSummary: { TableClass: table.tableClass } }),
    DeletionProtectionEnabled: table.deletionProtection,
    WarmThroughput: { ...warmUnits(table), Status: status === "ACTIVE" ? "ACTIVE" : "UPDATING" },
  };
}

/** Keys of the table, then of its indexes, each once. */
function definedIn(table: TableSchema, keys: readonly KeyAttribute[]): readonly KeyAttribute[] {
  const defined = new Map(keys.map((key) => [key.name, key]));
  for (const { rangeKey } of localIndexesOf(table)) defined.set(rangeKey.name, rangeKey);
  return [...defined.values()];
}

/** Without IndexSizeBytes and ItemCount: rows of indexes are not counted, and a guess would be taken for a count. */
function localIndexes(table: TableSchema, arn: string): Readonly<Record<string, unknown>> {
  if (table.localIndexes === undefined) return {};
  return {
    LocalSecondaryIndexes: table.localIndexes.map(({ name, rangeKey, projection }) => ({
      IndexName: name,
      KeySchema: [
        { AttributeName: table.hashKey.name, KeyType: "HASH" }, { AttributeName: rangeKey.name, KeyType: "RANGE" },
      ],
      Projection: {
        ProjectionType: projection.kind,
        ...(projection.kind === "INCLUDE" ? { NonKeyAttributes: projection.attributes } : {}),
      },
      IndexArn: `${arn}/index/${name}`,
    })),
  };
}

/** A provisioned table has no summary until its mode has been changed once. */
function billingSummary(table: TableSchema, createdSeconds: number): Readonly<Record<string, unknown>> {
  if (table.billing.mode === "PROVISIONED") return {};
  return {
    BillingModeSummary: { BillingMode: "PAY_PER_REQUEST", LastUpdateToPayPerRequestDateTime: createdSeconds },
  };
}

function warmUnits(table: TableSchema): { ReadUnitsPerSecond: number; WriteUnitsPerSecond: number } {
  if (table.billing.mode === "PAY_PER_REQUEST") return ON_DEMAND_WARM;
  return { ReadUnitsPerSecond: table.billing.readUnits, WriteUnitsPerSecond: table.billing.writeUnits };
}

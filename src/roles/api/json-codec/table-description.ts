// TableDescription as JSON.
import { decreasesOn } from "../../../model/billing.ts";
import { globalIndexesOf } from "../../../model/global-index.ts";
import { localIndexesOf } from "../../../model/local-index.ts";
import type { TableOutcome } from "../../../model/operation.ts";
import type { Billing, KeyAttribute, Projection, TableSchema, TableStatus } from "../../../model/table-schema.ts";
import { isRecording, streamLabel } from "../../../model/table-stream.ts";
import { warmOf } from "../../../model/warm-throughput.ts";
import type { Call } from "../call.ts";

/**
 * `status` stands in for the table's own: an answer tells the state the operation has just asked for. Of a table that
 * is being deleted neither its keys are told, nor its indexes, nor what it could serve.
 */
export function tableDescriptionJson(outcome: TableOutcome, status: TableStatus, call: Call): string {
  const description = tableDescription(outcome, status, call);
  if (status !== "DELETING") return JSON.stringify(description);
  return JSON.stringify(Object.fromEntries(Object.entries(description).filter(([name]) => !UNTOLD.has(name))));
}

const UNTOLD: ReadonlySet<string> = new Set([
  "AttributeDefinitions", "KeySchema", "CreationDateTime", "LocalSecondaryIndexes", "GlobalSecondaryIndexes",
  "WarmThroughput",
]);

/** The answer of CreateTable: what DynamoDB has not worked out by then is not in it. */
export function createdTableJson(outcome: TableOutcome, call: Call): string {
  const { WarmThroughput: warmed, ...description } = tableDescription(outcome, "CREATING", call);
  const { mode } = outcome.table.billing;
  return JSON.stringify({
    ...description,
    ...(mode === "PAY_PER_REQUEST" ? { BillingModeSummary: { BillingMode: mode } } : {}),
    ...(outcome.table.warm === undefined ? {} : { WarmThroughput: warmed }),
    ...createdIndexes(outcome.table, description["GlobalSecondaryIndexes"] as readonly Description[] | undefined),
  });
}

function createdIndexes(table: TableSchema, described: readonly Description[] | undefined): Description {
  if (described === undefined) return {};
  return {
    GlobalSecondaryIndexes: described.map(({ WarmThroughput: warmed, ...index }, i) => (
      globalIndexesOf(table)[i]?.warm === undefined ? index : { ...index, WarmThroughput: warmed }
    )),
  };
}

/** Members in the order in which they are told. */
export type Description = Readonly<Record<string, unknown>>;

export function tableArn(region: string, accountId: string, name: string): string {
  return `arn:aws:dynamodb:${region}:${accountId}:table/${name}`;
}

export function tableDescription(outcome: TableOutcome, status: TableStatus, call: Call): Description {
  const { table } = outcome;
  const { region, context } = call;
  const { accountId, clock } = context;
  const keys: KeyAttribute[] = table.rangeKey === null ? [table.hashKey] : [table.hashKey, table.rangeKey];
  return {
    AttributeDefinitions: definedIn(table, keys).map((key) => ({ AttributeName: key.name, AttributeType: key.type })),
    TableName: table.name,
    KeySchema: keys.map((key, i) => ({ AttributeName: key.name, KeyType: i === 0 ? "HASH" : "RANGE" })),
    TableStatus: status,
    CreationDateTime: table.createdMs / 1000,
    ProvisionedThroughput: throughput(table.billing, clock.wallMs()),
    TableSizeBytes: outcome.sizeBytes,
    ItemCount: outcome.itemCount,
    TableArn: tableArn(region, accountId, table.name),
    TableId: table.uuid,
    ...localIndexes(table, tableArn(region, accountId, table.name)),
    ...globalIndexes(outcome, status, tableArn(region, accountId, table.name), context.clock.wallMs()),
    ...billingSummary(table.billing),
    ...classSummary(table),
    DeletionProtectionEnabled: table.deletionProtection,
    ...onDemandCap(table),
    WarmThroughput: warm(table, status),
    ...encryptionOf(table, "ENABLED", call),
    ...latestStream(table, tableArn(region, accountId, table.name)),
  };
}

/** The newest stream is told of when it is off too. */
function latestStream({ stream }: TableSchema, arn: string): Description {
  if (stream === undefined) return {};
  const label = streamLabel(stream);
  return {
    ...(isRecording(stream) ? { StreamSpecification: { StreamEnabled: true, StreamViewType: stream.viewType } } : {}),
    LatestStreamLabel: label,
    LatestStreamArn: `${arn}/stream/${label}`,
  };
}

/** Keys of the table and of its indexes, each once, by name. */
function definedIn(table: TableSchema, keys: readonly KeyAttribute[]): readonly KeyAttribute[] {
  const defined = new Map(keys.map((key) => [key.name, key]));
  for (const { rangeKey } of localIndexesOf(table)) defined.set(rangeKey.name, rangeKey);
  for (const { hashKeys, rangeKeys } of globalIndexesOf(table)) {
    for (const key of [...hashKeys, ...rangeKeys]) defined.set(key.name, key);
  }
  return [...defined.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * Rows of local indexes are not counted. DynamoDB's members are there because programs read them, with the counts of
 * an index that has not been counted yet: the service itself brings them up to date only every six hours or so.
 */
function localIndexes(table: TableSchema, arn: string): Description {
  if (table.localIndexes === undefined) return {};
  return {
    LocalSecondaryIndexes: table.localIndexes.map(({ name, rangeKey, projection }) => ({
      IndexName: name,
      KeySchema: [
        { AttributeName: table.hashKey.name, KeyType: "HASH" }, { AttributeName: rangeKey.name, KeyType: "RANGE" },
      ],
      Projection: projectionJson(projection),
      IndexSizeBytes: 0,
      ItemCount: 0,
      IndexArn: `${arn}/index/${name}`,
    })),
  };
}

function projectionJson({ kind, attributes }: Projection): Description {
  return { ProjectionType: kind, ...(kind === "INCLUDE" ? { NonKeyAttributes: [...attributes].sort() } : {}) };
}

function globalIndexes(
  { table, indexCounts }: TableOutcome, status: TableStatus, arn: string, nowMs: number,
): Description {
  if (table.globalIndexes === undefined) return {};
  return {
    GlobalSecondaryIndexes: table.globalIndexes.map((index, i) => {
      const { name, hashKeys, rangeKeys, billing } = index;
      const indexStatus = status === "DELETING" ? status : index.status;
      return {
        IndexName: name,
        KeySchema: [
          ...hashKeys.map((key) => ({ AttributeName: key.name, KeyType: "HASH" })),
          ...rangeKeys.map((key) => ({ AttributeName: key.name, KeyType: "RANGE" })),
        ],
        Projection: projectionJson(index.projection),
        IndexStatus: indexStatus,
        // First the index gets its place, while the table is UPDATING; then its items.
        ...(index.isBackfilling === true ? { Backfilling: status === "ACTIVE" } : {}),
        ProvisionedThroughput: throughput(billing, nowMs),
        IndexSizeBytes: indexCounts?.[i]?.sizeBytes ?? 0,
        ItemCount: indexCounts?.[i]?.itemCount ?? 0,
        IndexArn: `${arn}/index/${name}`,
        ...onDemandCap(index),
        WarmThroughput: warm(index, indexStatus),
      };
    }),
  };
}

function throughput(billing: Billing, nowMs: number): Description {
  const { increasedMs, decreasedMs, readUnits, writeUnits } = billing;
  return {
    ...(increasedMs === undefined ? {} : { LastIncreaseDateTime: increasedMs / 1000 }),
    ...(decreasedMs === undefined ? {} : { LastDecreaseDateTime: decreasedMs / 1000 }),
    NumberOfDecreasesToday: decreasesOn(billing, nowMs),
    ReadCapacityUnits: readUnits,
    WriteCapacityUnits: writeUnits,
  };
}

/** A provisioned table has no summary until its mode has been changed once. */
function billingSummary({ mode, onDemandMs }: Billing): Description {
  if (mode === "PROVISIONED" && onDemandMs === undefined) return {};
  return {
    BillingModeSummary: {
      BillingMode: mode,
      ...(onDemandMs === undefined ? {} : { LastUpdateToPayPerRequestDateTime: onDemandMs / 1000 }),
    },
  };
}

function classSummary({ tableClass, tableClassMs }: TableSchema): Description {
  if (tableClass === null) return {};
  return {
    TableClassSummary: {
      TableClass: tableClass, ...(tableClassMs === undefined ? {} : { LastUpdateDateTime: tableClassMs / 1000 }),
    },
  };
}

function onDemandCap({ onDemandCap: cap }: Pick<TableSchema, "onDemandCap">): Description {
  if (cap === undefined) return {};
  return {
    OnDemandThroughput: {
      ...(cap.readUnits === null ? {} : { MaxReadRequestUnits: cap.readUnits }),
      ...(cap.writeUnits === null ? {} : { MaxWriteRequestUnits: cap.writeUnits }),
    },
  };
}

function warm(table: Pick<TableSchema, "billing" | "warm">, status: TableStatus): Description {
  const { readUnits, writeUnits } = warmOf(table);
  return {
    ReadUnitsPerSecond: readUnits, WriteUnitsPerSecond: writeUnits,
    Status: status === "CREATING" ? "UPDATING" : "ACTIVE",
  };
}

/** The default key has an id of its own, the same for every table of the account. */
const DEFAULT_KEY_ID = "00000000-0000-4000-8000-000000000000";

export function encryptionOf(
  { encryption }: TableSchema, status: "ENABLED" | "UPDATING", { region, context }: Call,
): Description {
  if (encryption === undefined) return {};
  const key = encryption.key ?? DEFAULT_KEY_ID;
  const resource = key.startsWith("alias/") ? key : `key/${key}`;
  const arn = key.startsWith("arn:") ? key : `arn:aws:kms:${region}:${context.accountId}:${resource}`;
  return { SSEDescription: { Status: status, SSEType: "KMS", KMSMasterKeyArn: arn } };
}

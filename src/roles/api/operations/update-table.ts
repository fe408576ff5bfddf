// UpdateTable: each reader takes the parameters of one kind of change; what depends on the table as it is, the planner
// of the catalogue decides. A request changes one thing, with few exceptions.
import type { TableSchema } from "../../../model/table-schema.ts";
import type { TableChange } from "../../../model/table-settings.ts";
import type { Call } from "../call.ts";
import { TABLE_NOT_FOUND, type Failure, failureOf, resourceNotFound, validation } from "../errors.ts";
import { updatedTableJson } from "../json-codec/updated-table.ts";
import { type Result, no, ok } from "../result.ts";
import type { JsonObject } from "../validate/json-object.ts";
import { UPDATE_TABLE } from "../validate/table-shapes.ts";
import type { OperationHandler } from "./handler.ts";
import { indexUpdatesIn } from "./index-updates.ts";
import { updateFailure } from "./quotas.ts";
import { tableNameOf } from "./table-name.ts";
import {
  classIn, encryptionIn, onDemandCapIn, streamIn, throughputIn, warmIn,
} from "./table-settings.ts";

export const updateTable: OperationHandler = { shape: UPDATE_TABLE, run };

const INVALID = "One or more parameter values were invalid: ";

/** Of the whole change those members that `input` asks for; empty: none. */
type ChangeReader = (input: JsonObject) => Result<TableChange>;

const READERS: readonly ChangeReader[] = [
  billing, indexes, stream, protection, tableClass, encryption, onDemandCap, warm,
];

/** What is there and no change by itself is not in the list. */
function nothing(input: JsonObject): Failure {
  const isConsistency = input["MultiRegionConsistency"] !== undefined;
  return validation("At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, "
    + "GlobalSecondaryIndexUpdates, SSESpecification, ReplicaUpdates, MultiAccountReplicaReady, ReplicaTransitRoleArn, "
    + `${isConsistency ? "" : "MultiRegionConsistency, "}DeletionProtectionEnabled, OnDemandThroughput, `
    + "WarmThroughput or TableClass is required");
}

const THROUGHPUT_WITH_ON_DEMAND: Failure = validation(
  `${INVALID}ProvisionedThroughput cannot be specified when BillingMode is PAY_PER_REQUEST`,
);
const UNSUPPORTED: readonly string[] = [
  "ReplicaUpdates", "MultiRegionConsistency",
  "GlobalTableWitnessUpdates", "GlobalTableSettingsReplicationMode", "DisassociationProtectionEnabled",
  "VectorIndexUpdates",
];

/** Parameters that change nothing without others. */
const NO_CHANGES: ReadonlySet<string> = new Set(["TableName", "AttributeDefinitions", "MultiRegionConsistency"]);

/** Members that stand alone, in the order in which they are complained of. */
const ALONE: readonly (readonly [keyof TableChange, string])[] = [
  ["encryption", "Server-Side Encryption modification must be the only operation in the request"],
  ["tableClass", "TableClass modification must be the only operation in the request"],
  ["deletionProtection", "DeletionProtection modification must be the only operation in the request"],
  ["warm", "WarmThroughput must be the only operation in the request"],
];

function run(input: JsonObject, call: Call): Failure | null {
  const name = tableNameOf(input);
  if (Object.keys(input).every((parameter) => NO_CHANGES.has(parameter))) return nothing(input);
  for (const parameter of UNSUPPORTED) {
    if (input[parameter] !== undefined) return validation(`Unsupported parameter: ${parameter}`);
  }
  const change = changeIn(input);
  if (!change.ok) return change.failure;
  const before = call.context.lookupTable(name);
  const tooMuch = before?.status === "ACTIVE" && isOfMode(change.value, before)
    ? updateFailure(change.value, before, call.region) : null;
  if (tooMuch !== null) return tooMuch;
  call.plan({ kind: "update-table", name, change: change.value }, (outcome) => {
    if (outcome.kind !== "table") {
      call.fail(outcome.kind === "index-not-found"
        ? resourceNotFound(`${TABLE_NOT_FOUND}: Index ${outcome.name} for table ${name}`) : failureOf(outcome, true));
      return;
    }
    call.succeedText(`{"TableDescription":${updatedTableJson(outcome, before, change.value, call)}}`);
  });
  return null;
}

/** Units fit how the table is billed; that they do not is found out first. */
function isOfMode({ billing: wanted, onDemandCap: cap }: TableChange, { billing: { mode } }: TableSchema): boolean {
  if (wanted?.throughput !== undefined && (wanted.mode ?? mode) !== "PROVISIONED") return false;
  return cap === undefined || (wanted?.mode ?? mode) === "PAY_PER_REQUEST";
}

function changeIn(input: JsonObject): Result<TableChange> {
  let change: TableChange = {};
  for (const read of READERS) {
    const part = read(input);
    if (!part.ok) return part;
    change = { ...change, ...part.value };
  }
  const count = Object.keys(change).length;
  if (count === 0) return no(nothing(input));
  if ((input["GlobalSecondaryIndexUpdates"] as readonly unknown[] | undefined)?.length === 0) {
    return no(validation(`${INVALID}List of GlobalSecondaryIndexUpdates is empty`));
  }
  const conflict = count === 1 ? null : conflictIn(change);
  return conflict === null ? ok(change) : no(validation(`${INVALID}${conflict}`));
}

/** Of at least two members. */
function conflictIn(change: TableChange): string | null {
  const { globalIndexes = [], billing: billed } = change;
  const movesIndexes = globalIndexes.some(({ kind }) => kind !== "update");
  if (change.warm !== undefined && globalIndexes.some(({ kind }) => kind === "create")) {
    return "Create global secondary index cannot be specified when updating WarmThroughput";
  }
  if (movesIndexes && billed?.throughput !== undefined) {
    return "You cannot create or delete index while updating table IOPS";
  }
  if (change.stream !== undefined) {
    if (movesIndexes) return "You cannot create or delete index while changing stream status";
    if (billed !== undefined && billed.mode !== "PAY_PER_REQUEST") {
      return "You cannot modify stream status while updating table IOPS";
    }
  }
  const alone = ALONE.find(([member]) => change[member] !== undefined);
  if (alone !== undefined) return alone[1];
  const others = Object.keys(change).filter((member) => member !== "onDemandCap" && member !== "billing");
  return change.onDemandCap !== undefined && others.length > 0
    ? "OnDemandThroughput can only be combined with BillingMode in an UpdateTable request" : null;
}

function billing(input: JsonObject): Result<TableChange> {
  const mode = input["BillingMode"] as "PROVISIONED" | "PAY_PER_REQUEST" | undefined;
  const throughput = throughputIn(input);
  if (!throughput.ok) return throughput;
  if (mode === undefined && throughput.value === undefined) return ok({});
  if (mode === "PAY_PER_REQUEST" && throughput.value !== undefined) return no(THROUGHPUT_WITH_ON_DEMAND);
  return ok({
    billing: {
      ...(mode === undefined ? {} : { mode }),
      ...(throughput.value === undefined ? {} : { throughput: throughput.value }),
    },
  });
}

function indexes(input: JsonObject): Result<TableChange> {
  const wanted = indexUpdatesIn(input);
  if (!wanted.ok) return wanted;
  return ok(wanted.value === undefined ? {} : { globalIndexes: wanted.value });
}

function stream(input: JsonObject): Result<TableChange> {
  const wanted = streamIn(input, false);
  if (!wanted.ok) return wanted;
  return ok(wanted.value === undefined ? {} : { stream: { viewType: wanted.value } });
}

function protection(input: JsonObject): Result<TableChange> {
  const deletionProtection = input["DeletionProtectionEnabled"] as boolean | undefined;
  return ok(deletionProtection === undefined ? {} : { deletionProtection });
}

function tableClass(input: JsonObject): Result<TableChange> {
  const wanted = classIn(input);
  if (!wanted.ok) return wanted;
  return ok(wanted.value === undefined ? {} : { tableClass: wanted.value });
}

function encryption(input: JsonObject): Result<TableChange> {
  const wanted = encryptionIn(input);
  if (!wanted.ok) return wanted;
  return ok(wanted.value === undefined ? {} : { encryption: wanted.value });
}

function onDemandCap(input: JsonObject): Result<TableChange> {
  const wanted = onDemandCapIn(input, true, null);
  if (!wanted.ok) return wanted;
  return ok(wanted.value === undefined ? {} : { onDemandCap: wanted.value });
}

function warm(input: JsonObject): Result<TableChange> {
  const wanted = warmIn(input);
  if (!wanted.ok) return wanted;
  return ok(wanted.value === undefined ? {} : { warm: wanted.value });
}

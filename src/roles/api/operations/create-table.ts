// CreateTable: only what is honoured is accepted. The tag `stator:partitions` sets how many partitions the table begins
// with, and is a tag like others besides.
import type { KeyType } from "../../../model/attribute-value.ts";
import type { TableDefinition, KeyAttribute, Billing } from "../../../model/table-schema.ts";
import type { Throughput } from "../../../model/table-settings.ts";
import { warmOf } from "../../../model/warm-throughput.ts";
import type { Call } from "../call.ts";
import { type Failure, failureOf, validation } from "../errors.ts";
import { createdTableJson } from "../json-codec/table-description.ts";
import type { OperationHandler } from "./handler.ts";
import { type Result, no, ok } from "../result.ts";
import type { JsonObject } from "../validate/json-object.ts";
import { CREATE_TABLE } from "../validate/table-shapes.ts";
import { globalIndexesIn } from "./global-indexes.ts";
import { definitionsFailure, indexesFailure, localIndexesIn, undefinedKeys, type TableKeys } from "./local-indexes.ts";
import { type TagInput, tagsOf } from "./tag-rules.ts";
import { policyOf } from "./policy-document.ts";
import { createFailure } from "./quotas.ts";
import { tableNameOf } from "./table-name.ts";
import {
  classIn, coldFailure, encryptionIn, newCapWithProvisioned, onDemandCapIn, streamIn, throughputIn,
  throughputWithOnDemand, warmIn,
} from "./table-settings.ts";

export const createTable: OperationHandler = { shape: CREATE_TABLE, run };

const INVALID = "One or more parameter values were invalid: ";
export const PARTITIONS_TAG = "stator:partitions";
/** Partitions of a new table: each costs a replication group from the first moment. */
const PARTITIONS_MAX = 64;

const UNSUPPORTED: readonly string[] = [
  "VectorIndexes", "GlobalTableSourceArn", "GlobalTableSettingsReplicationMode",
];

type AttributeDefinition = { readonly AttributeName: string; readonly AttributeType: KeyType };
type KeySchemaElement = { readonly AttributeName: string; readonly KeyType: "HASH" | "RANGE" };

function run(input: JsonObject, call: Call): Failure | null {
  const definition = definitionOf(input, call.context.clock.wallMs());
  if (!definition.ok) return definition.failure;
  // That there is such a table already is found out first.
  const tooMuch = call.context.lookupTable(definition.value.name) === null
    ? createFailure(definition.value, call.region) : null;
  if (tooMuch !== null) return tooMuch;
  call.plan({ kind: "create-table", definition: definition.value }, (outcome) => {
    if (outcome.kind !== "table") {
      call.fail(failureOf(outcome, true));
      return;
    }
    call.succeedText(`{"TableDescription":${createdTableJson(outcome, call)}}`);
  });
  return null;
}

function definitionOf(input: JsonObject, nowMs: number): Result<TableDefinition> {
  const name = tableNameOf(input);
  const billing = billingOf(input);
  if (!billing.ok) return billing;
  const keys = keysOf(input);
  if (!keys.ok) return keys;
  const unsupported = unsupportedFailure(input);
  if (unsupported !== null) return no(unsupported);
  const undefinedOrUnused = definitionsFailure(input, keys.value);
  if (undefinedOrUnused !== null) return no(undefinedOrUnused);
  const locals = localIndexesIn(input, keys.value);
  if (!locals.ok) return locals;
  const globals = globalIndexesIn(input, keys.value.types, billing.value);
  if (!globals.ok) return globals;
  const wrong = indexesFailure(locals.value ?? [], globals.value ?? []);
  if (wrong !== null) return no(wrong);
  const settings = settingsOf(input, billing.value, nowMs);
  if (!settings.ok) return settings;
  const stream = streamIn(input, true);
  if (!stream.ok) return stream;
  const partitionCount = partitionCountOf(input);
  if (!partitionCount.ok) return partitionCount;
  return ok({
    name,
    hashKey: keys.value.hashKey,
    rangeKey: keys.value.rangeKey,
    ...(locals.value === null ? {} : { localIndexes: locals.value }),
    ...(globals.value === null ? {} : { globalIndexes: globals.value }),
    billing: billing.value,
    deletionProtection: input["DeletionProtectionEnabled"] === true,
    ...settings.value,
    ...(stream.value === undefined || stream.value === null ? {} : { streamView: stream.value }),
    partitionCount: partitionCount.value,
  });
}

function billingOf(input: JsonObject): Result<Billing> {
  const throughput = throughputIn(input);
  if (!throughput.ok) return throughput;
  if (input["BillingMode"] === "PAY_PER_REQUEST") {
    if (throughput.value === undefined) return ok({ mode: "PAY_PER_REQUEST", readUnits: 0, writeUnits: 0 });
    return no(throughputWithOnDemand());
  }
  if (throughput.value === undefined) {
    return no(validation(`${INVALID}ReadCapacityUnits and WriteCapacityUnits must both be specified `
      + "when BillingMode is PROVISIONED"));
  }
  return ok({ mode: "PROVISIONED", ...throughput.value });
}

type Settings = Pick<TableDefinition, "tableClass" | "tags" | "onDemandCap" | "warm" | "encryption" | "policy">;

function settingsOf(input: JsonObject, billing: Billing, nowMs: number): Result<Settings> {
  const tableClass = classIn(input);
  if (!tableClass.ok) return tableClass;
  const tags = tagsOf((input["Tags"] ?? []) as readonly TagInput[]);
  if (!tags.ok) return tags;
  const cap = onDemandCapIn(input, false, null);
  if (!cap.ok) return cap;
  if (cap.value !== undefined && billing.mode !== "PAY_PER_REQUEST") return no(newCapWithProvisioned(cap.value, null));
  const warm = warmSetting(input, billing);
  if (!warm.ok) return warm;
  const encryption = encryptionIn(input);
  if (!encryption.ok) return encryption;
  const given = input["ResourcePolicy"] as string | undefined;
  const policy = given === undefined ? ok(null) : policyOf(given);
  if (!policy.ok) return policy;
  return ok({
    tableClass: tableClass.value ?? null,
    ...(tags.value.length === 0 ? {} : { tags: tags.value }),
    ...(cap.value === undefined ? {} : { onDemandCap: { readUnits: null, writeUnits: null, ...cap.value } }),
    ...(warm.value === undefined ? {} : { warm: warm.value }),
    ...(encryption.value === undefined || encryption.value === null ? {} : { encryption: encryption.value }),
    ...(policy.value === null ? {} : { policy: { document: policy.value, revision: nowMs } }),
  });
}

/** Not below what the table has by itself. */
function warmSetting(input: JsonObject, billing: Billing): Result<Throughput | undefined> {
  const wanted = warmIn(input);
  if (!wanted.ok) return wanted;
  if (wanted.value === undefined) return ok(undefined);
  const cold = coldFailure(wanted.value, billing, null);
  const { readUnits, writeUnits } = warmOf({ billing });
  return cold === null ? ok({ readUnits, writeUnits, ...wanted.value }) : no(cold);
}

function keysOf(input: JsonObject): Result<TableKeys> {
  const schema = input["KeySchema"] as readonly [KeySchemaElement, KeySchemaElement?];
  const definitions = input["AttributeDefinitions"] as readonly AttributeDefinition[];
  const [first, second] = schema;
  if (first.KeyType !== "HASH") {
    return no(validation("Invalid KeySchema: The first KeySchemaElement is not a HASH key type"));
  }
  if (second !== undefined && second.KeyType !== "RANGE") {
    return no(validation("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type"));
  }
  if (second !== undefined && second.AttributeName === first.AttributeName) {
    return no(validation("Both the Hash Key and the Range Key element in the KeySchema have the same name"));
  }
  const names = second === undefined ? [first.AttributeName] : [first.AttributeName, second.AttributeName];
  const hasIndexes = input["GlobalSecondaryIndexes"] !== undefined || input["LocalSecondaryIndexes"] !== undefined;
  const types = typesOf(names, definitions, hasIndexes);
  if (!types.ok) return types;
  const keys = names.map((name) => ({ name, type: types.value.get(name) as KeyType }));
  return ok({ hashKey: keys[0] as KeyAttribute, rangeKey: keys[1] ?? null, types: types.value });
}

/** Definitions by name: exactly those of the key attributes, unless indexes have keys of their own. */
function typesOf(
  names: readonly string[], definitions: readonly AttributeDefinition[], hasIndexes: boolean,
): Result<ReadonlyMap<string, KeyType>> {
  const types = new Map<string, KeyType>();
  for (const { AttributeName, AttributeType } of definitions) {
    if (types.has(AttributeName)) return no(validation(`Attribute Name is duplicated: ${AttributeName}`));
    types.set(AttributeName, AttributeType);
  }
  if (types.size < names.length) {
    return no(validation("Invalid KeySchema: Some index key attribute have no definition"));
  }
  if (types.size > names.length && !hasIndexes) {
    return no(validation(`${INVALID}Number of attributes in KeySchema does not exactly match `
      + "number of attributes defined in AttributeDefinitions"));
  }
  for (const name of names) {
    if (!types.has(name)) return no(undefinedKeys(names, types));
  }
  return ok(types);
}

function unsupportedFailure(input: JsonObject): Failure | null {
  for (const name of UNSUPPORTED) {
    if (input[name] !== undefined) return validation(`Unsupported parameter: ${name}`);
  }
  return null;
}

function partitionCountOf(input: JsonObject): Result<number | null> {
  const tags = (input["Tags"] ?? []) as readonly TagInput[];
  const text = tags.find(({ Key }) => Key === PARTITIONS_TAG)?.Value;
  if (text === undefined) return ok(null);
  const count = Number(text);
  if (text === String(count) && Number.isInteger(count) && count >= 1 && count <= PARTITIONS_MAX) return ok(count);
  return no(validation(`${INVALID}Tag ${PARTITIONS_TAG} must be a whole number from 1 to ${PARTITIONS_MAX}`));
}

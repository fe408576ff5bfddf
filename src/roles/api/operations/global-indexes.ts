// GlobalSecondaryIndexes of CreateTable and UpdateTable, with DynamoDB's rules and texts.
import type { KeyType } from "../../../model/attribute-value.ts";
import { GLOBAL_INDEX_COUNT_MAX, INDEX_KEY_ATTRIBUTES_MAX } from "../../../model/limits.ts";
import type { Billing, GlobalIndexDefinition, KeyAttribute } from "../../../model/table-schema.ts";
import { validation } from "../errors.ts";
import { type Result, no, ok } from "../result.ts";
import type { JsonObject } from "../validate/json-object.ts";
import { projectionIn, undefinedKeys, type KeySchemaElement, type ProjectionInput } from "./local-indexes.ts";
import { coldFailure, newCapWithProvisioned, onDemandCapIn, throughputIn, warmIn } from "./table-settings.ts";

const INVALID = "One or more parameter values were invalid: ";

export type GlobalIndexInput = JsonObject & {
  readonly IndexName: string;
  readonly KeySchema: readonly KeySchemaElement[];
  readonly Projection: ProjectionInput;
};

type Types = ReadonlyMap<string, KeyType>;

/** Null: the table has none. `billing`: of the table. */
export function globalIndexesIn(
  input: JsonObject, types: Types, billing: Billing,
): Result<readonly GlobalIndexDefinition[] | null> {
  const inputs = input["GlobalSecondaryIndexes"] as readonly GlobalIndexInput[] | undefined;
  if (inputs === undefined) return ok(null);
  if (inputs.length > GLOBAL_INDEX_COUNT_MAX) {
    return no(validation(
      `${INVALID}GlobalSecondaryIndex count exceeds the per-table limit of ${GLOBAL_INDEX_COUNT_MAX}`,
    ));
  }
  const indexes: GlobalIndexDefinition[] = [];
  for (const one of inputs) {
    const index = globalIndexOf(one, types, billing.mode);
    if (!index.ok) return index;
    indexes.push(index.value);
  }
  return ok(indexes);
}

/** `mode`: of the table; null: not known here, and whoever knows it checks what is asked for. */
export function globalIndexOf(
  input: GlobalIndexInput, types: Types, mode: Billing["mode"] | null,
): Result<GlobalIndexDefinition> {
  const { IndexName: name } = input;
  const keys = keysOf(input, types);
  if (!keys.ok) return keys;
  const projection = projectionIn(input.Projection);
  if (!projection.ok) return projection;
  const billing = indexBillingIn(input, name, mode);
  if (!billing.ok) return billing;
  const cap = onDemandCapIn(input, false, name);
  if (!cap.ok) return cap;
  if (cap.value !== undefined && mode === "PROVISIONED") return no(newCapWithProvisioned(cap.value, name));
  const warm = warmIn(input);
  if (!warm.ok) return warm;
  const cold = warm.value === undefined || mode === null ? null : coldFailure(warm.value, billing.value, name);
  if (cold !== null) return no(cold);
  return ok({
    name, ...keys.value, projection: projection.value, billing: billing.value,
    ...(cap.value === undefined ? {} : { onDemandCap: { readUnits: null, writeUnits: null, ...cap.value } }),
    ...(warm.value === undefined ? {} : { warm: { readUnits: 0, writeUnits: 0, ...warm.value } }),
  });
}

function indexBillingIn(input: JsonObject, name: string, known: Billing["mode"] | null): Result<Billing> {
  const throughput = throughputIn(input);
  if (!throughput.ok) return throughput;
  const mode = known ?? (throughput.value === undefined ? "PAY_PER_REQUEST" : "PROVISIONED");
  if (mode === "PAY_PER_REQUEST") {
    if (throughput.value === undefined) return ok({ mode, readUnits: 0, writeUnits: 0 });
    return no(validation(`${INVALID}ProvisionedThroughput should not be specified for index: ${name} `
      + "when BillingMode is PAY_PER_REQUEST"));
  }
  if (throughput.value !== undefined) return ok({ mode, ...throughput.value });
  return no(validation(`${INVALID}ProvisionedThroughput is not specified for index: ${name}`));
}

type Keys = Pick<GlobalIndexDefinition, "hashKeys" | "rangeKeys">;

/** Attributes of the partition key first, then those of the sort key. */
function keysOf({ KeySchema: schema }: GlobalIndexInput, types: Types): Result<Keys> {
  const hash: string[] = [];
  const range: string[] = [];
  for (const { AttributeName, KeyType: kind } of schema) {
    if (kind === "RANGE") {
      if (hash.length === 0) {
        return no(validation("Invalid KeySchema: The first KeySchemaElement is not a HASH key type"));
      }
      range.push(AttributeName);
    } else {
      if (range.length > 0) {
        return no(validation(`${INVALID}All HASH key attributes must precede RANGE key attributes in the KeySchema`));
      }
      hash.push(AttributeName);
    }
  }
  const names = [...hash, ...range];
  if (new Set(names).size < names.length) {
    return no(validation("The KeySchema contains multiple key attributes with the same name"));
  }
  for (const [kind, own] of [["HASH", hash], ["RANGE", range]] as const) {
    if (own.length <= INDEX_KEY_ATTRIBUTES_MAX) continue;
    return no(validation(`${INVALID}The KeySchema exceeds the maximum allowed number of ${kind} key attributes`));
  }
  const keys: KeyAttribute[] = [];
  for (const key of names) {
    const type = types.get(key);
    if (type === undefined) return no(undefinedKeys(names, types));
    keys.push({ name: key, type });
  }
  return ok({ hashKeys: keys.slice(0, hash.length), rangeKeys: keys.slice(hash.length) });
}

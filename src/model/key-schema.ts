// Checks the key attributes of requests against a table's key schema, with DynamoDB's messages.
import { base64Length } from "../base/base64.ts";
import { utf8Length } from "../base/utf8.ts";
import { getAttribute } from "./attribute-map.ts";
import type { AttributeType, AttributeValue, Item } from "./attribute-value.ts";
import { HASH_KEY_BYTES_MAX, RANGE_KEY_BYTES_MAX } from "./limits.ts";
import type { KeyAttribute, TableSchema } from "./table-schema.ts";

/** Of a table, or of an index. */
type Keys = Pick<TableSchema, "hashKey" | "rangeKey">;

/** Why a key is refused: the message of a ValidationException. An update may be told of it in other words. */
export type KeyProblem = { readonly message: string; readonly inUpdate?: string };

/** An attribute that would be the key of a secondary index is empty. */
export function emptyIndexKey(index: string, { name, type }: KeyAttribute): KeyProblem {
  const kind = type === "B" ? "binary" : "string";
  const rule = `The AttributeValue for a key attribute cannot contain an empty ${kind} value.`;
  const invalid = "One or more parameter values are not valid. ";
  return {
    message: `${invalid}A value specified for a secondary index key is not supported. ${rule} `
      + `IndexName: ${index}, IndexKey: ${name}`,
    inUpdate: `${invalid}The update expression attempted to update a secondary index key to a value that is not `
      + `supported. ${rule}`,
  };
}

/** An attribute that would be the key of a secondary index has another type. */
export function mistypedIndexKey(index: string, { name, type }: KeyAttribute, value: AttributeValue): KeyProblem {
  const actual = Object.keys(value)[0] as AttributeType;
  return {
    message: `One or more parameter values were invalid: Type mismatch for Index Key ${name} Expected: ${type} `
      + `Actual: ${actual} IndexName: ${index}`,
    inUpdate: "The update expression attempted to update the secondary index key to unsupported type",
  };
}

/** Of an index key that is too large: `message` says which bound it is beyond. */
export function largeIndexKey(message: string): KeyProblem {
  return {
    message,
    inUpdate: "The update expression attempted to update the secondary index key beyond allowed size limits",
  };
}

/** The values of an item's key attributes, checked. */
export type ItemKey = {
  readonly hashValue: AttributeValue;
  readonly rangeValue: AttributeValue | null;
};
export type KeyOfItem =
  | { readonly ok: true; readonly key: ItemKey }
  | { readonly ok: false; readonly problem: KeyProblem };

const SCHEMA_MISMATCH: KeyProblem = { message: "The provided key element does not match the schema" };
const HASH_TOO_LARGE: KeyProblem = {
  message: "One or more parameter values were invalid: "
    + `Size of hashkey has exceeded the maximum size limit of${HASH_KEY_BYTES_MAX} bytes`,
};
const RANGE_TOO_LARGE: KeyProblem = {
  message: "One or more parameter values were invalid: "
    + `Aggregated size of all range keys has exceeded the size limit of ${RANGE_KEY_BYTES_MAX} bytes`,
};

/** The values of a `Key` parameter: exactly the key attributes, of their types, not empty, not too large. */
export function keyOfKey(table: TableSchema, key: Item): KeyOfItem {
  const { hashKey, rangeKey } = table;
  const hashValue = getAttribute(key, hashKey.name);
  const rangeValue = rangeKey === null ? null : getAttribute(key, rangeKey.name);
  if (hashValue === undefined || rangeValue === undefined) return refuse(SCHEMA_MISMATCH);
  if (Object.keys(key).length !== (rangeKey === null ? 1 : 2)) return refuse(SCHEMA_MISMATCH);
  if (!(hashKey.type in hashValue)) return refuse(SCHEMA_MISMATCH);
  if (rangeKey !== null && rangeValue !== null && !(rangeKey.type in rangeValue)) return refuse(SCHEMA_MISMATCH);
  const problem = checkValues(table, hashValue, rangeValue);
  return problem === null ? { ok: true, key: { hashValue, rangeValue } } : refuse(problem);
}

/** Checks a whole item's key attributes, and gives their values. */
export function keyOfItem(table: TableSchema, item: Item): KeyOfItem {
  const { hashKey, rangeKey } = table;
  const hashValue = getAttribute(item, hashKey.name);
  if (hashValue === undefined) return refuse(missing(hashKey));
  if (!(hashKey.type in hashValue)) return refuse(wrongType(hashKey, hashValue));
  let rangeValue: AttributeValue | null = null;
  if (rangeKey !== null) {
    const value = getAttribute(item, rangeKey.name);
    if (value === undefined) return refuse(missing(rangeKey));
    if (!(rangeKey.type in value)) return refuse(wrongType(rangeKey, value));
    rangeValue = value;
  }
  const problem = checkValues(table, hashValue, rangeValue);
  return problem === null ? { ok: true, key: { hashValue, rangeValue } } : refuse(problem);
}

/** What is wrong with values that a condition asks for; null where it asks for no sort key. */
export function keyValuesProblem(
  table: Keys, hashValue: AttributeValue, rangeValue: AttributeValue | null,
): KeyProblem | null {
  const { hashKey, rangeKey } = table;
  if (!(hashKey.type in hashValue)) return wrongType(hashKey, hashValue);
  if (rangeKey !== null && rangeValue !== null && !(rangeKey.type in rangeValue)) {
    return wrongType(rangeKey, rangeValue);
  }
  return checkValues(table, hashValue, rangeValue);
}

/** Types are right; what is left is emptiness and size. */
function checkValues(
  table: Keys, hashValue: AttributeValue, rangeValue: AttributeValue | null,
): KeyProblem | null {
  const hashBytes = keyValueLength(hashValue);
  if (hashBytes === 0) return empty(table.hashKey);
  const rangeBytes = rangeValue === null ? -1 : keyValueLength(rangeValue);
  if (rangeBytes === 0 && table.rangeKey !== null) return empty(table.rangeKey);
  if (hashBytes > HASH_KEY_BYTES_MAX) return HASH_TOO_LARGE;
  if (rangeBytes > RANGE_KEY_BYTES_MAX) return RANGE_TOO_LARGE;
  return null;
}

/** Bytes that count against the limits. A number is never empty and always fits. */
function keyValueLength(value: AttributeValue): number {
  if ("S" in value) return utf8Length(value.S);
  if ("B" in value) return base64Length(value.B);
  return 1;
}

function refuse(problem: KeyProblem): KeyOfItem {
  return { ok: false, problem };
}

function missing(key: KeyAttribute): KeyProblem {
  return { message: `One or more parameter values were invalid: Missing the key ${key.name} in the item` };
}

function wrongType(key: KeyAttribute, value: AttributeValue): KeyProblem {
  const actual = Object.keys(value)[0] as AttributeType;
  return {
    message: "One or more parameter values were invalid: "
      + `Type mismatch for key ${key.name} expected: ${key.type} actual: ${actual}`,
  };
}

function empty(key: KeyAttribute): KeyProblem {
  const kind = key.type === "B" ? "binary" : "string";
  return {
    message: "One or more parameter values are not valid. "
      + `The AttributeValue for a key attribute cannot contain an empty ${kind} value. Key: ${key.name}`,
  };
}

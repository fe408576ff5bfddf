// LocalSecondaryIndexes of CreateTable, with DynamoDB's rules and texts.
import type { KeyType } from "../../../model/attribute-value.ts";
import { INDEX_PROJECTED_COUNT_MAX, LOCAL_INDEX_COUNT_MAX } from "../../../model/limits.ts";
import type { KeyAttribute, LocalIndex, Projection } from "../../../model/table-schema.ts";
import { type Failure, validation } from "../errors.ts";
import { type Result, no, ok } from "../result.ts";
import type { JsonObject } from "../validate/json-object.ts";

const INVALID = "One or more parameter values were invalid: ";

type KeySchemaElement = { readonly AttributeName: string; readonly KeyType: "HASH" | "RANGE" };
type IndexInput = {
  readonly IndexName: string;
  readonly KeySchema: readonly [KeySchemaElement, KeySchemaElement?];
  readonly Projection: { readonly ProjectionType?: Projection["kind"]; readonly NonKeyAttributes?: readonly string[] };
};

/** What is known of the table: its key, and the types of all attributes that are defined. */
export type TableKeys = {
  readonly hashKey: KeyAttribute;
  readonly rangeKey: KeyAttribute | null;
  readonly types: ReadonlyMap<string, KeyType>;
};

/** Null: the table has none. Every defined attribute must be the key of something. */
export function localIndexesIn(input: JsonObject, keys: TableKeys): Result<readonly LocalIndex[] | null> {
  const inputs = input["LocalSecondaryIndexes"] as readonly IndexInput[] | undefined;
  if (inputs === undefined) return ok(null);
  if (inputs.length === 0) return no(validation(`${INVALID}List of LocalSecondaryIndexes is empty`));
  if (keys.rangeKey === null) {
    return no(validation(`${INVALID}Table KeySchema does not have a range key, `
      + "which is required when specifying a LocalSecondaryIndex"));
  }
  if (inputs.length > LOCAL_INDEX_COUNT_MAX) {
    return no(validation(
      `${INVALID}Number of LocalSecondaryIndexes exceeds per-table limit of ${LOCAL_INDEX_COUNT_MAX}`,
    ));
  }
  const indexes: LocalIndex[] = [];
  let projected = 0;
  for (const one of inputs) {
    if (indexes.some(({ name }) => name === one.IndexName)) {
      return no(validation(`${INVALID}Duplicate index name: ${one.IndexName}`));
    }
    const index = indexOf(one, keys);
    if (!index.ok) return index;
    projected += index.value.projection.attributes.length;
    indexes.push(index.value);
  }
  if (projected > INDEX_PROJECTED_COUNT_MAX) {
    return no(validation(
      `${INVALID}Number of NonKeyAttributes exceeds per-table limit of ${INDEX_PROJECTED_COUNT_MAX}`,
    ));
  }
  const unused = unusedFailure(keys, indexes);
  return unused === null ? ok(indexes) : no(unused);
}

function indexOf({ IndexName: name, KeySchema, Projection: input }: IndexInput, keys: TableKeys): Result<LocalIndex> {
  const [first, second] = KeySchema;
  if (first.KeyType !== "HASH") {
    return no(validation("Invalid KeySchema: The first KeySchemaElement is not a HASH key type"));
  }
  if (second === undefined) {
    return no(validation(`${INVALID}Index KeySchema does not have a range key for index: ${name}`));
  }
  if (second.KeyType !== "RANGE") {
    return no(validation("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type"));
  }
  if (second.AttributeName === first.AttributeName) {
    return no(validation("Both the Hash Key and the Range Key element in the KeySchema have the same name"));
  }
  if (first.AttributeName !== keys.hashKey.name) {
    return no(validation(`${INVALID}Index KeySchema does not have the same leading hash key as table KeySchema for `
      + `index: ${name}. index hash key: ${first.AttributeName}, table hash key: ${keys.hashKey.name}`));
  }
  const type = keys.types.get(second.AttributeName);
  if (type === undefined) {
    return no(validation(`${INVALID}Some index key attributes are not defined in AttributeDefinitions. `
      + `Keys: [${first.AttributeName}, ${second.AttributeName}], `
      + `AttributeDefinitions: [${[...keys.types.keys()].join(", ")}]`));
  }
  const projection = projectionOf(input);
  return projection.ok
    ? ok({ name, rangeKey: { name: second.AttributeName, type }, projection: projection.value }) : projection;
}

function projectionOf({ ProjectionType: kind, NonKeyAttributes: names }: IndexInput["Projection"]): Result<Projection> {
  if (kind === undefined) return no(validation(`${INVALID}Unknown ProjectionType: null`));
  if (kind === "INCLUDE") {
    if (names === undefined) {
      return no(validation(`${INVALID}ProjectionType is INCLUDE, but NonKeyAttributes is not specified`));
    }
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice !== undefined) return no(validation(`${INVALID}Duplicate NonKeyAttribute: ${twice}`));
    return ok({ kind, attributes: names });
  }
  if (names !== undefined) {
    return no(validation(`${INVALID}ProjectionType is ${kind}, but NonKeyAttributes is specified`));
  }
  return ok({ kind, attributes: [] });
}

function unusedFailure({ hashKey, rangeKey, types }: TableKeys, indexes: readonly LocalIndex[]): Failure | null {
  const used = new Set([hashKey.name]);
  if (rangeKey !== null) used.add(rangeKey.name);
  for (const index of indexes) used.add(index.rangeKey.name);
  if (used.size === types.size) return null;
  return validation(`${INVALID}Some AttributeDefinitions are not used. `
    + `AttributeDefinitions: [${[...types.keys()].join(", ")}], keys used: [${[...used].join(", ")}]`);
}

// LocalSecondaryIndexes of CreateTable, and what they share with the global ones, with DynamoDB's rules and texts.
import type { KeyType } from "../../../model/attribute-value.ts";
import { INDEX_PROJECTED_COUNT_MAX, LOCAL_INDEX_COUNT_MAX } from "../../../model/limits.ts";
import type { GlobalIndexDefinition, KeyAttribute, LocalIndex, Projection } from "../../../model/table-schema.ts";
import { type Failure, validation } from "../errors.ts";
import { type Result, no, ok } from "../result.ts";
import { inMapOrder } from "../validate/java-hash.ts";
import type { JsonObject } from "../validate/json-object.ts";

const INVALID = "One or more parameter values were invalid: ";

export type KeySchemaElement = { readonly AttributeName: string; readonly KeyType: "HASH" | "RANGE" };
export type ProjectionInput = {
  readonly ProjectionType?: Projection["kind"];
  readonly NonKeyAttributes?: readonly string[];
};
type IndexInput = {
  readonly IndexName: string;
  readonly KeySchema: readonly [KeySchemaElement, KeySchemaElement?];
  readonly Projection: ProjectionInput;
};

/** What is known of the table: its key, and the types of all attributes that are defined. */
export type TableKeys = {
  readonly hashKey: KeyAttribute;
  readonly rangeKey: KeyAttribute | null;
  readonly types: ReadonlyMap<string, KeyType>;
};

/** Null: the table has none. */
export function localIndexesIn(input: JsonObject, keys: TableKeys): Result<readonly LocalIndex[] | null> {
  const inputs = input["LocalSecondaryIndexes"] as readonly IndexInput[] | undefined;
  if (inputs === undefined) return ok(null);
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
  for (const one of inputs) {
    if (indexes.some(({ name }) => name === one.IndexName)) {
      return no(validation(`${INVALID}Duplicate index name: ${one.IndexName}`));
    }
    const index = indexOf(one, keys);
    if (!index.ok) return index;
    indexes.push(index.value);
  }
  return ok(indexes);
}

/** Null: nothing is wrong with all indexes together. */
export function indexesFailure(
  locals: readonly LocalIndex[], globals: readonly GlobalIndexDefinition[],
): Failure | null {
  const names = new Set<string>();
  let projected = 0;
  for (const { name, projection } of [...locals, ...globals]) {
    if (names.has(name)) return validation(`${INVALID}Duplicate index name: ${name}`);
    names.add(name);
    projected += projection.attributes.length;
  }
  if (projected > INDEX_PROJECTED_COUNT_MAX) {
    return validation(`${INVALID}Number of NonKeyAttributes exceeds per-table limit of ${INDEX_PROJECTED_COUNT_MAX}`);
  }
  return null;
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
  if (type === undefined) return no(undefinedKeys([first.AttributeName, second.AttributeName], keys.types));
  const projection = projectionIn(input);
  return projection.ok
    ? ok({ name, rangeKey: { name: second.AttributeName, type }, projection: projection.value }) : projection;
}

export function undefinedKeys(names: readonly string[], types: ReadonlyMap<string, KeyType>): Failure {
  return validation(`${INVALID}Some index key attributes are not defined in AttributeDefinitions. `
    + `Keys: [${names.join(", ")}], AttributeDefinitions: [${definedNames(types)}]`);
}

export function projectionIn({ ProjectionType: kind, NonKeyAttributes: names }: ProjectionInput): Result<Projection> {
  if (kind === undefined) return no(validation(`${INVALID}Unknown ProjectionType: null`));
  if (kind === "INCLUDE") {
    if (names === undefined) {
      return no(validation(`${INVALID}ProjectionType is INCLUDE, but NonKeyAttributes is not specified`));
    }
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice !== undefined) return no(validation(`${INVALID}Duplicate element in NonKeyAttributes: ${twice}`));
    return ok({ kind, attributes: names });
  }
  if (names !== undefined) {
    return no(validation(`${INVALID}ProjectionType is ${kind}, but NonKeyAttributes is specified`));
  }
  return ok({ kind, attributes: [] });
}

/** No list is empty, and definitions are those of all keys: looked at before anything else of the indexes is. */
export function definitionsFailure(input: JsonObject, { hashKey, rangeKey, types }: TableKeys): Failure | null {
  const used = new Set(rangeKey === null ? [hashKey.name] : [hashKey.name, rangeKey.name]);
  for (const list of ["LocalSecondaryIndexes", "GlobalSecondaryIndexes"]) {
    const inputs = input[list] as readonly { readonly KeySchema: readonly KeySchemaElement[] }[] | undefined;
    if (inputs?.length === 0) return validation(`${INVALID}List of ${list} is empty`);
    for (const { KeySchema } of inputs ?? []) {
      const names = KeySchema.map(({ AttributeName }) => AttributeName);
      if (names.some((name) => !types.has(name))) return undefinedKeys(names, types);
      for (const name of names) used.add(name);
    }
  }
  return used.size === types.size ? null : validation(`${INVALID}Some AttributeDefinitions are not used. `
    + `AttributeDefinitions: [${definedNames(types)}], keys used: [${inMapOrder([...used], null).join(", ")}]`);
}

function definedNames(types: TableKeys["types"]): string {
  return inMapOrder([...types.keys()], types.size).join(", ");
}

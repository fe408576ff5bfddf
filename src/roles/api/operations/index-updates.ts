// GlobalSecondaryIndexUpdates of UpdateTable.
import type { KeyType } from "../../../model/attribute-value.ts";
import type { IndexUpdate } from "../../../model/table-settings.ts";
import { type Failure, validation } from "../errors.ts";
import { type Result, no, ok } from "../result.ts";
import type { JsonObject } from "../validate/json-object.ts";
import { globalIndexOf, type GlobalIndexInput } from "./global-indexes.ts";
import { onDemandCapIn, throughputIn, warmIn } from "./table-settings.ts";

const INVALID = "One or more parameter values were invalid: ";

type UpdateInput = {
  readonly Update?: JsonObject & { readonly IndexName: string };
  readonly Create?: GlobalIndexInput;
  readonly Delete?: { readonly IndexName: string };
};

/**
 * Undefined: none are asked for, or an empty list is. What depends on the table as it is, the planner of the catalogue
 * decides.
 */
export function indexUpdatesIn(input: JsonObject): Result<readonly IndexUpdate[] | undefined> {
  const given = input["GlobalSecondaryIndexUpdates"] as readonly UpdateInput[] | undefined;
  if (given === undefined || given.length === 0) return ok(undefined);
  const created = given.find(({ Create }) => Create !== undefined)?.Create;
  if (created !== undefined && input["AttributeDefinitions"] === undefined) {
    return no(validation(`${INVALID}AttributeDefinitions is not specified for index: ${created.IndexName}`));
  }
  const types = new Map<string, KeyType>();
  for (const { AttributeName, AttributeType } of (input["AttributeDefinitions"] ?? []) as readonly {
    AttributeName: string; AttributeType: KeyType;
  }[]) {
    if (types.has(AttributeName)) return no(validation(`Attribute Name is duplicated: ${AttributeName}`));
    types.set(AttributeName, AttributeType);
  }
  const updates: IndexUpdate[] = [];
  for (const one of given) {
    const update = updateOf(one, types);
    if (!update.ok) return update;
    updates.push(update.value);
  }
  return ok(updates);
}

function updateOf(input: UpdateInput, types: ReadonlyMap<string, KeyType>): Result<IndexUpdate> {
  const { Update, Create, Delete } = input;
  const actions = [Update, Create, Delete].filter((action) => action !== undefined).length;
  if (actions === 0) return no(NO_ACTION);
  if (actions > 1) return no(ONE_ACTION);
  if (Delete !== undefined) return ok({ kind: "delete", name: Delete.IndexName });
  if (Create !== undefined) {
    if (Create.KeySchema.some(({ AttributeName }) => !types.has(AttributeName))) return no(NO_DEFINITION);
    const index = globalIndexOf(Create, types, null);
    return index.ok ? ok({ kind: "create", index: index.value }) : index;
  }
  return Update === undefined ? no(NO_ACTION) : changeOf(Update);
}

const NO_ACTION: Failure = validation(
  `${INVALID}One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, `
  + "GlobalSecondaryIndexUpdate.Delete must not be null",
);
const ONE_ACTION: Failure = validation(
  `${INVALID}Only one global secondary index action is allowed per GlobalSecondaryIndexUpdate object`,
);
const NO_DEFINITION: Failure = validation("Invalid KeySchema: Some index key attribute have no definition");

function changeOf(input: NonNullable<UpdateInput["Update"]>): Result<IndexUpdate> {
  const { IndexName: name } = input;
  const throughput = throughputIn(input);
  if (!throughput.ok) return throughput;
  const cap = onDemandCapIn(input, true, name);
  if (!cap.ok) return cap;
  const warm = warmIn(input);
  if (!warm.ok) return warm;
  if (warm.value === undefined && input["WarmThroughput"] !== undefined) {
    return no(validation(`${INVALID}WarmThroughput must have at least one of ReadUnitsPerSecond or WriteUnitsPerSecond `
      + `specified for index: ${name}`));
  }
  return ok({
    kind: "update", name,
    ...(throughput.value === undefined ? {} : { throughput: throughput.value }),
    ...(cap.value === undefined ? {} : { onDemandCap: cap.value }),
    ...(warm.value === undefined ? {} : { warm: warm.value }),
  });
}

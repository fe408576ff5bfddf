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

/** Undefined: none are asked for. What depends on the table as it is, the planner of the catalogue decides. */
export function indexUpdatesIn(input: JsonObject): Result<readonly IndexUpdate[] | undefined> {
  const given = (input["GlobalSecondaryIndexUpdates"] ?? []) as readonly UpdateInput[];
  if (given.length === 0) return ok(undefined);
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
  if (Object.values(input).filter((action) => action !== undefined).length !== 1) return no(ONE_ACTION);
  if (Delete !== undefined) return ok({ kind: "delete", name: Delete.IndexName });
  if (Create !== undefined) {
    if (Create.KeySchema.some(({ AttributeName }) => !types.has(AttributeName))) return no(NO_DEFINITION);
    const index = globalIndexOf(Create, types, null);
    return index.ok ? ok({ kind: "create", index: index.value }) : index;
  }
  return Update === undefined ? no(ONE_ACTION) : changeOf(Update);
}

const ONE_ACTION: Failure = validation(
  `${INVALID}One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, `
  + "GlobalSecondaryIndexUpdate.Delete must be specified, and only one",
);
const NO_DEFINITION: Failure = validation("Invalid KeySchema: Some index key attribute have no definition");

function changeOf(input: NonNullable<UpdateInput["Update"]>): Result<IndexUpdate> {
  const { IndexName: name } = input;
  const throughput = throughputIn(input);
  if (!throughput.ok) return throughput;
  const cap = onDemandCapIn(input, true);
  if (!cap.ok) return cap;
  const warm = warmIn(input);
  if (!warm.ok) return warm;
  if (throughput.value === undefined && cap.value === undefined && warm.value === undefined) {
    return no(validation(
      `${INVALID}Both ReadCapacityUnits and WriteCapacityUnits must be specified for index: ${name}`,
    ));
  }
  return ok({
    kind: "update", name,
    ...(throughput.value === undefined ? {} : { throughput: throughput.value }),
    ...(cap.value === undefined ? {} : { onDemandCap: cap.value }),
    ...(warm.value === undefined ? {} : { warm: warm.value }),
  });
}

// TransactWriteItems: up to 100 puts, updates, deletions and checks, all of them or none.
import type { Item } from "../../../model/attribute-value.ts";
import type { ConditionNode, UpdateNode } from "../../../model/expression/ast.ts";
import { parseUpdate } from "../../../model/expression/parse.ts";
import { TRANSACTION_BYTES_MAX } from "../../../model/limits.ts";
import type { TransactAction, TransactedOutcome, WriteOperation, WriteOutcome } from "../../../model/operation.ts";
import type { TableSchema } from "../../../model/table-schema.ts";
import { must } from "../../../base/assert.ts";
import type { Call } from "../call.ts";
import { type Failure, failureOf, validation } from "../errors.ts";
import { type Result, no, ok } from "../result.ts";
import type { JsonObject } from "../validate/json-object.ts";
import { TRANSACT_WRITE } from "../validate/transaction-shapes.ts";
import { UPDATE_EXPRESSIONS, WRITE_EXPRESSIONS, openExpressions, unusedFailure } from "./expressions.ts";
import type { OperationHandler } from "./handler.ts";
import { type SizedItem, addressOfKey, sizedItem, storedItem, validItem } from "./keys.ts";
import { findTable } from "./table-name.ts";
import { distinct, requestHash, writeCosts } from "./transaction-common.ts";
import { keyUpdateFailure } from "./update-item.ts";
import { conditionOf, metricsJson, returnsOldOnFailure } from "./write-common.ts";

export const transactWriteItems: OperationHandler = { shape: TRANSACT_WRITE, run };

type Kind = "ConditionCheck" | "Put" | "Delete" | "Update";
const KINDS: readonly Kind[] = ["ConditionCheck", "Put", "Delete", "Update"];

/** An action of which all is checked that needs no table. */
type Parsed = {
  readonly kind: Kind;
  readonly request: JsonObject;
  readonly condition: ConditionNode | null;
  readonly update: UpdateNode | null;
  /** Of a put. */
  readonly sized: SizedItem | null;
  /** Of all others. */
  readonly key: Item;
};

function run(input: JsonObject, call: Call): Failure | null {
  const asked = input["TransactItems"] as readonly JsonObject[];
  const hash = requestHash(call, asked);
  const parsed: Parsed[] = [];
  for (const one of asked) {
    const action = parse(one);
    if (!action.ok) return action.failure;
    parsed.push(action.value);
  }
  const bytes = parsed.reduce((sum, { sized }) => sum + (sized?.size ?? 0), 0);
  if (bytes > TRANSACTION_BYTES_MAX) return validation("Transaction request size exceeded the limit of 4 MB");
  const tables: TableSchema[] = [];
  for (const { request } of parsed) {
    const table = findTable(request["TableName"] as string, call);
    if (!table.ok) return table.failure;
    tables.push(table.value);
  }
  const actions = distinct(parsed.map((action, i) => place(action, must(tables[i]))));
  if (!actions.ok) return actions.failure;
  const token = (input["ClientRequestToken"] as string | undefined) ?? null;
  call.plan({ kind: "transact-write", actions: actions.value, token, hash }, (outcome) => {
    const names = parsed.map(({ request }) => request["TableName"] as string);
    if (outcome.kind === "transacted") answer(call, input, names, actions.value, outcome);
    else call.fail(failureOf(outcome));
  });
  return null;
}

function parse(one: JsonObject): Result<Parsed> {
  const [kind, another] = KINDS.filter((name) => one[name] !== undefined);
  if (kind === undefined) {
    return no(validation("Invalid Request: TransactWriteRequest should contain Delete or Put or Update request"));
  }
  if (another !== undefined) {
    return no(validation("TransactItems can only contain one of Check, Put, Update or Delete"));
  }
  const request = one[kind] as JsonObject;
  const item = validItem(request[kind === "Put" ? "Item" : "Key"]);
  if (!item.ok) return item;
  const context = openExpressions(request, kind === "Update" ? UPDATE_EXPRESSIONS : WRITE_EXPRESSIONS);
  if (!context.ok) return context;
  const sized = kind === "Put" ? sizedItem(item.value) : ok(null);
  if (!sized.ok) return sized;
  let update: UpdateNode | null = null;
  if (kind === "Update") {
    const tree = parseUpdate(request["UpdateExpression"] as string, must(context.value, "an update has an expression"));
    if (!tree.ok) return no(validation(tree.message));
    update = tree.value;
  }
  const condition = conditionOf(request, context.value);
  if (!condition.ok) return condition;
  const unused = unusedFailure(context.value);
  if (unused !== null) return no(unused);
  return ok({ kind, request, condition: condition.value, update, sized: sized.value, key: item.value });
}

function place(parsed: Parsed, table: TableSchema): Result<TransactAction> {
  const { kind, request, condition, update, sized, key } = parsed;
  const common = { table, condition, returnValues: "NONE", returnOldOnFailure: returnsOldOnFailure(request) } as const;
  if (kind === "Put") {
    const stored = storedItem(table, must(sized, "a put has an item"));
    return stored.ok ? ok({ kind: "put", ...common, ...stored.value }) : stored;
  }
  const address = addressOfKey(table, key);
  if (!address.ok) return address;
  switch (kind) {
    case "ConditionCheck":
      return ok({
        kind: "check", table, address: address.value, condition: must(condition, "a check has a condition"),
        returnOldOnFailure: common.returnOldOnFailure,
      });
    case "Delete":
      return ok({ kind: "delete", ...common, address: address.value });
    case "Update": {
      const failure = keyUpdateFailure(table, must(update, "an update has an expression"));
      if (failure !== null) return no(failure);
      return ok({ kind: "update", ...common, address: address.value, keyItem: key, update });
    }
  }
}

function answer(
  call: Call, input: JsonObject, names: readonly string[], actions: readonly TransactAction[],
  outcome: TransactedOutcome,
): void {
  const members: string[] = [];
  const capacity = writeCosts(names, actions, outcome).json(input);
  if (capacity !== null) members.push(capacity);
  const metrics = new Map<string, Set<string>>();
  if (outcome.repeated === null) {
    actions.forEach((action, i) => {
      if (action.kind === "check") return;
      const metric = metricsJson(input, action as WriteOperation, outcome.outcomes[i] as WriteOutcome);
      if (metric === null) return;
      const name = names[i] as string;
      const known = metrics.get(name);
      if (known === undefined) metrics.set(name, new Set([metric]));
      else known.add(metric);
    });
  }
  if (metrics.size > 0) {
    const each = [...metrics].map(([name, some]) => `${JSON.stringify(name)}:[${[...some].join(",")}]`);
    members.push(`"ItemCollectionMetrics":{${each.join(",")}}`);
  }
  call.succeedText(`{${members.join(",")}}`);
}

// TransactGetItems: up to 100 items as they were at one moment.
import { must } from "../../../base/assert.ts";
import type { Item } from "../../../model/attribute-value.ts";
import { readUnits } from "../../../model/capacity-units.ts";
import type { PathNode } from "../../../model/expression/ast.ts";
import { TRANSACTION_BYTES_MAX } from "../../../model/limits.ts";
import type { GetOperation, GetOutcome } from "../../../model/operation.ts";
import type { TableSchema } from "../../../model/table-schema.ts";
import type { Call } from "../call.ts";
import { type Failure, failureOf, validation } from "../errors.ts";
import { type Result, ok } from "../result.ts";
import type { JsonObject } from "../validate/json-object.ts";
import { TRANSACT_GET } from "../validate/transaction-shapes.ts";
import { GET_EXPRESSIONS, openExpressions, unusedFailure } from "./expressions.ts";
import { projectionOf } from "./get-item.ts";
import type { OperationHandler } from "./handler.ts";
import { addressOfKey, validItem } from "./keys.ts";
import { findTable } from "./table-name.ts";
import { Costs, distinct, itemOf, responses } from "./transaction-common.ts";

export const transactGetItems: OperationHandler = { shape: TRANSACT_GET, run };

type Parsed = {
  readonly name: string;
  readonly key: Item;
  readonly projection: readonly PathNode[] | null;
};

function run(input: JsonObject, call: Call): Failure | null {
  const parsed: Parsed[] = [];
  for (const { Get } of input["TransactItems"] as readonly { readonly Get: JsonObject }[]) {
    const context = openExpressions(Get, GET_EXPRESSIONS);
    if (!context.ok) return context.failure;
    const key = validItem(Get["Key"]);
    if (!key.ok) return key.failure;
    const projection = projectionOf(Get, context.value);
    if (!projection.ok) return projection.failure;
    const unused = unusedFailure(context.value);
    if (unused !== null) return unused;
    parsed.push({ name: Get["TableName"] as string, key: key.value, projection: projection.value });
  }
  const tables: TableSchema[] = [];
  for (const { name } of parsed) {
    const table = findTable(name, call);
    if (!table.ok) return table.failure;
    tables.push(table.value);
  }
  const gets = distinct(parsed.map((one, i) => place(one, must(tables[i]))));
  if (!gets.ok) return gets.failure;
  call.plan({ kind: "transact-get", gets: gets.value }, (outcome) => {
    if (outcome.kind !== "items") call.fail(failureOf(outcome));
    else answer(call, input, parsed.map(({ name }) => name), outcome.outcomes as readonly GetOutcome[]);
  });
  return null;
}

function place({ key, projection }: Parsed, table: TableSchema): Result<GetOperation> {
  const address = addressOfKey(table, key);
  return address.ok ? ok({ kind: "get", table, address: address.value, isStrong: true, projection }) : address;
}

export function answer(
  call: Call, input: JsonObject, tables: readonly string[], outcomes: readonly GetOutcome[],
): void {
  const bytes = outcomes.reduce((sum, { size }) => sum + size, 0);
  if (bytes > TRANSACTION_BYTES_MAX) {
    call.fail(validation("Transaction response size exceeded the limit of 4 MB"));
    return;
  }
  const costs = new Costs("Read");
  outcomes.forEach(({ size }, i) => costs.add(tables[i] as string, readUnits(size, true)));
  call.succeed(responses(outcomes.map(itemOf), costs.json(input)));
}

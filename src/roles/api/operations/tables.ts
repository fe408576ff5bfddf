// DescribeTable, DeleteTable and ListTables.
import { LIST_TABLES_COUNT_MAX } from "../../../model/limits.ts";
import type { Call } from "../call.ts";
import { type Failure, failureOf } from "../errors.ts";
import { tableDescriptionJson } from "../json-codec/table-description.ts";
import type { OperationHandler } from "./handler.ts";
import type { JsonObject } from "../validate/json-object.ts";
import { NAMED_TABLE } from "../validate/shared-shapes.ts";
import { LIST_TABLES } from "../validate/table-shapes.ts";
import { tableNameOf } from "./table-name.ts";

export const describeTable: OperationHandler = { shape: NAMED_TABLE, run: runDescribe };
export const deleteTable: OperationHandler = { shape: NAMED_TABLE, run: runDelete };
export const listTables: OperationHandler = { shape: LIST_TABLES, run: runList };

function runDescribe(input: JsonObject, call: Call): Failure | null {
  const name = tableNameOf(input);
  call.plan({ kind: "describe-table", name }, (outcome) => {
    if (outcome.kind !== "table") {
      call.fail(failureOf(outcome, true));
      return;
    }
    call.succeedText(`{"Table":${tableDescriptionJson(outcome, outcome.table.status, call)}}`);
  });
  return null;
}

function runDelete(input: JsonObject, call: Call): Failure | null {
  const name = tableNameOf(input);
  call.plan({ kind: "delete-table", name }, (outcome) => {
    if (outcome.kind !== "table") {
      call.fail(failureOf(outcome, true));
      return;
    }
    const described = tableDescriptionJson(outcome, "DELETING", call);
    call.succeedText(`{"TableDescription":${described}}`);
  });
  return null;
}

function runList(input: JsonObject, call: Call): Failure | null {
  const after = (input["ExclusiveStartTableName"] as string | undefined) ?? null;
  const limit = (input["Limit"] as number | undefined) ?? LIST_TABLES_COUNT_MAX;
  call.plan({ kind: "list-tables", after, limit }, (outcome) => {
    if (outcome.kind !== "tables") {
      call.fail(failureOf(outcome));
      return;
    }
    const last = outcome.last === null ? "" : `,"LastEvaluatedTableName":${JSON.stringify(outcome.last)}`;
    call.succeedText(`{"TableNames":${JSON.stringify(outcome.names)}${last}}`);
  });
  return null;
}

// Global tables and the capacity of their replicas. Tables have no replicas in other regions here: none is found, and
// the version of 2017 is refused as DynamoDB refuses it.
import type { Call } from "../call.ts";
import { type Failure, resourceNotFound, serviceError, validation } from "../errors.ts";
import {
  CREATE_GLOBAL_TABLE, LIST_GLOBAL_TABLES, NAMED_GLOBAL_TABLE, UPDATE_GLOBAL_TABLE, UPDATE_GLOBAL_TABLE_SETTINGS,
  UPDATE_REPLICA_AUTO_SCALING,
} from "../validate/global-table-shapes.ts";
import type { JsonObject } from "../validate/json-object.ts";
import { NAMED_TABLE } from "../validate/shared-shapes.ts";
import type { OperationHandler } from "./handler.ts";
import { lengthFailure, tableNameOf } from "./table-name.ts";

export const createGlobalTable: OperationHandler = { shape: CREATE_GLOBAL_TABLE, run: versionNotSupported };
export const updateGlobalTable: OperationHandler = { shape: UPDATE_GLOBAL_TABLE, run: runUpdate };
export const describeGlobalTable: OperationHandler = { shape: NAMED_GLOBAL_TABLE, run: missing };
export const describeGlobalTableSettings: OperationHandler = { shape: NAMED_GLOBAL_TABLE, run: settingsMissing };
export const updateGlobalTableSettings: OperationHandler = {
  shape: UPDATE_GLOBAL_TABLE_SETTINGS, run: settingsMissing,
};
export const listGlobalTables: OperationHandler = { shape: LIST_GLOBAL_TABLES, run: runList };
export const describeTableReplicaAutoScaling: OperationHandler = { shape: NAMED_TABLE, run: replicasMissing };
export const updateTableReplicaAutoScaling: OperationHandler = {
  shape: UPDATE_REPLICA_AUTO_SCALING, run: replicasMissing,
};

const INVALID = "One or more parameter values were invalid";

function nameFailure(input: JsonObject): Failure | null {
  return lengthFailure("TableName", input["GlobalTableName"] as string);
}

function versionNotSupported(input: JsonObject): Failure {
  return nameFailure(input) ?? validation(`${INVALID}: DynamoDB global tables version 2017.11.29 is not supported. `
    + "We recommend using DynamoDB global tables version 2019.11.21, instead of version 2017.11.29 (Legacy).");
}

function runUpdate(input: JsonObject): Failure {
  const updates = input["ReplicaUpdates"] as readonly { readonly Create?: unknown; readonly Delete?: unknown }[];
  const isEmpty = updates.length === 0
    || updates.some(({ Create, Delete }) => Create === undefined && Delete === undefined);
  if (isEmpty) return nameFailure(input) ?? validation(INVALID);
  return updates.some(({ Create }) => Create !== undefined) ? versionNotSupported(input) : missing(input);
}

function doesNotExist(name: string): string {
  return `Global table with name: '${name}' does not exist.`;
}

function missing(input: JsonObject): Failure {
  const text = doesNotExist(input["GlobalTableName"] as string);
  return nameFailure(input) ?? serviceError("GlobalTableNotFoundException", `Global table not found: ${text}`);
}

function settingsMissing(input: JsonObject): Failure {
  return nameFailure(input)
    ?? serviceError("GlobalTableNotFoundException", doesNotExist(input["GlobalTableName"] as string));
}

function replicasMissing(input: JsonObject): Failure {
  return resourceNotFound(doesNotExist(tableNameOf(input)));
}

function runList(_input: JsonObject, call: Call): Failure | null {
  call.succeedText('{"GlobalTables":[]}');
  return null;
}

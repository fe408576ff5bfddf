// BatchExecuteStatement: up to 25 statements, all reads or all writes, each with an answer or an error of its own.
import { utf8Encode } from "../../../base/utf8.ts";
import { writeUnits } from "../../../model/capacity-units.ts";
import type { Execute, ItemJson } from "../../../model/operation.ts";
import type { Statement } from "../../../model/partiql/ast.ts";
import type { Call } from "../call.ts";
import { type Failure, validation } from "../errors.ts";
import { type IndexUnits, addIndexUnits, capacityJson, capacityModeOf } from "../json-codec/capacity.ts";
import { type Result, no } from "../result.ts";
import type { JsonObject } from "../validate/json-object.ts";
import { BATCH_EXECUTE_STATEMENT } from "../validate/statement-shapes.ts";
import { writeFailureOf } from "./execute-statement.ts";
import type { OperationHandler } from "./handler.ts";
import { type Prepared, prepare, statementOf } from "./prepare-statement.ts";
import { readPages } from "./read-pages.ts";
import { indexUnitsOf } from "./write-common.ts";

export const batchExecuteStatement: OperationHandler = { shape: BATCH_EXECUTE_STATEMENT, run };

/** One statement's answer. `item` null: there is none, or it is not asked for. */
type Reply =
  | {
    readonly kind: "done";
    readonly table: string;
    readonly item: ItemJson | null;
    readonly units: number;
    readonly indexUnits: readonly IndexUnits[];
  }
  | { readonly kind: "failed"; readonly table: string | null; readonly failure: Failure };

type Member = {
  readonly request: JsonObject;
  readonly table: string | null;
  readonly prepared: Result<Prepared>;
};

/** Codes of BatchStatementError by the name of the exception that the statement alone would be answered with. */
const CODES: ReadonlyMap<string, string> = new Map([
  ["ConditionalCheckFailedException", "ConditionalCheckFailed"],
  ["DuplicateItemException", "DuplicateItem"],
  ["ItemCollectionSizeLimitExceededException", "ItemCollectionSizeLimitExceeded"],
  ["ProvisionedThroughputExceededException", "ProvisionedThroughputExceeded"],
  ["RequestLimitExceeded", "RequestLimitExceeded"],
  ["ResourceNotFoundException", "ResourceNotFound"],
  ["ThrottlingException", "ThrottlingError"],
  ["TransactionConflictException", "TransactionConflict"],
  ["ValidationException", "ValidationError"],
]);

function run(input: JsonObject, call: Call): Failure | null {
  const requests = input["Statements"] as readonly JsonObject[];
  const statements = requests.map((request) => statementOf(request));
  let reads = 0;
  let writes = 0;
  for (const statement of statements) {
    if (!statement.ok) continue;
    if (statement.value.kind === "select") reads++;
    else writes++;
  }
  if (reads > 0 && writes > 0) return validation("Cannot mix read and write statements in BatchExecuteStatement");
  const members = statements.map((statement, i) => memberOf(statement, requests[i] as JsonObject, call));
  call.planWith((execute) => {
    const replies: Reply[] = [];
    let open = members.length;
    members.forEach((member, i) => {
      executeMember(execute, member, (reply) => {
        replies[i] = reply;
        if (--open === 0) answer(call, replies, input);
      });
    });
  });
  return null;
}

function memberOf(statement: Result<Statement>, request: JsonObject, call: Call): Member {
  if (!statement.ok) return { request, table: null, prepared: statement };
  const { table } = statement.value;
  const prepared = prepare(statement.value, request, call);
  if (!prepared.ok || prepared.value.kind === "write" || prepared.value.isSingle) return { request, table, prepared };
  return {
    request, table,
    prepared: no(validation("Select statements within BatchExecuteStatement must specify the primary key "
      + "in the where clause.")),
  };
}

function executeMember(execute: Execute, member: Member, done: (reply: Reply) => void): void {
  const { prepared, request } = member;
  if (!prepared.ok) {
    done({ kind: "failed", table: member.table, failure: prepared.failure });
    return;
  }
  const { value } = prepared;
  const table = value.tableText;
  if (value.kind === "read") {
    readPages(execute, value, { index: 0, after: null }, null, request["ConsistentRead"] === true, (result) => {
      if (!result.ok) done({ kind: "failed", table, failure: result.failure });
      else {
        const { runs, units, indexUnits } = result.value;
        done({ kind: "done", table, item: runs[0] ?? null, units, indexUnits });
      }
    });
    return;
  }
  execute(value.operation, (outcome) => {
    if (outcome.kind !== "written") done({ kind: "failed", table, failure: writeFailureOf(value, outcome) });
    else {
      const units = writeUnits(Math.max(outcome.oldSize, outcome.newSize));
      const indexUnits = indexUnitsOf(value.operation.table, outcome);
      done({ kind: "done", table, item: outcome.attributes, units, indexUnits });
    }
  });
}

function answer(call: Call, replies: readonly Reply[], input: JsonObject): void {
  const body: Uint8Array[] = [utf8Encode('{"Responses":[')];
  const costs = new Map<string, Cost>();
  replies.forEach((reply, i) => {
    const comma = i === 0 ? "" : ",";
    const table = reply.table === null ? "" : `"TableName":${JSON.stringify(reply.table)}`;
    if (reply.kind === "failed") {
      const { failure } = reply;
      const name = failure.type.slice(failure.type.indexOf("#") + 1);
      const code = CODES.get(name) ?? "InternalServerError";
      body.push(utf8Encode(`${comma}{"Error":{"Code":"${code}","Message":${JSON.stringify(failure.message ?? "")}`));
      if (failure.item !== null) body.push(utf8Encode(',"Item":'), failure.item);
      body.push(utf8Encode(`}${table === "" ? "" : `,${table}`}}`));
      return;
    }
    addCost(costs, reply.table, reply.units, reply.indexUnits);
    body.push(utf8Encode(`${comma}{${table}`));
    if (reply.item !== null) body.push(utf8Encode(',"Item":'), reply.item);
    body.push(utf8Encode("}"));
  });
  const mode = capacityModeOf(input["ReturnConsumedCapacity"]);
  const capacity = mode === null ? "" : `,"ConsumedCapacity":[${[...costs].map(([table, { units, indexes }]) => (
    capacityJson(table, units, mode, [...indexes.values()])
  )).join(",")}]`;
  body.push(utf8Encode(`]${capacity}}`));
  call.succeed(body);
}

/** What all statements on one table cost, and what of it each index. */
type Cost = { units: number; readonly indexes: Map<string, IndexUnits> };

function addCost(costs: Map<string, Cost>, table: string, units: number, indexUnits: readonly IndexUnits[]): void {
  let cost = costs.get(table);
  if (cost === undefined) costs.set(table, cost = { units: 0, indexes: new Map() });
  cost.units += units;
  addIndexUnits(cost.indexes, indexUnits);
}

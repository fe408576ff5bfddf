// ExecuteStatement: one PartiQL statement.
import { utf8Encode } from "../../../base/utf8.ts";
import { writeUnits } from "../../../model/capacity-units.ts";
import type { Outcome } from "../../../model/operation.ts";
import type { Call } from "../call.ts";
import { type Failure, duplicateItem, failureOf, validation } from "../errors.ts";
import { type CapacityMode, capacityJson, capacityModeOf } from "../json-codec/capacity.ts";
import type { JsonObject } from "../validate/json-object.ts";
import { EXECUTE_STATEMENT } from "../validate/statement-shapes.ts";
import type { OperationHandler } from "./handler.ts";
import { type PreparedRead, type PreparedWrite, prepare, statementOf } from "./prepare-statement.ts";
import { type ReadPages, readPages } from "./read-pages.ts";
import { indexUnitsOf } from "./write-common.ts";
import { decodeToken, encodeToken } from "./statement-token.ts";
import { ok } from "../result.ts";

const COMMA: Uint8Array = utf8Encode(",");
const ITEMS_HEAD: Uint8Array = utf8Encode('{"Items":[');

export const executeStatement: OperationHandler = { shape: EXECUTE_STATEMENT, run };

function run(input: JsonObject, call: Call): Failure | null {
  const statement = statementOf(input);
  if (!statement.ok) return statement.failure;
  const prepared = prepare(statement.value, input, call);
  if (!prepared.ok) return prepared.failure;
  const mode = capacityModeOf(input["ReturnConsumedCapacity"]);
  if (prepared.value.kind === "read") return runRead(input, prepared.value, call, mode);
  if (input["NextToken"] !== undefined) return validation("NextToken goes with SELECT only");
  const write = prepared.value;
  call.plan(write.operation, (outcome) => answerWrite(call, write, outcome, mode));
  return null;
}

function runRead(input: JsonObject, read: PreparedRead, call: Call, mode: CapacityMode): Failure | null {
  const { crypto } = call.context;
  const token = input["NextToken"] as string | undefined;
  const start = token === undefined ? ok({ index: 0, after: null }) : decodeToken(crypto, input, read, token);
  if (!start.ok) return start.failure;
  const limit = (input["Limit"] as number | undefined) ?? null;
  const isStrong = input["ConsistentRead"] === true;
  call.planWith((execute) => {
    readPages(execute, read, start.value, limit, isStrong, (result) => {
      if (!result.ok) call.fail(result.failure);
      else answerRead(call, input, read, result.value, mode);
    });
  });
  return null;
}

function answerRead(call: Call, input: JsonObject, read: PreparedRead, pages: ReadPages, mode: CapacityMode): void {
  const body: Uint8Array[] = [ITEMS_HEAD];
  for (const run of pages.runs) {
    if (run.length === 0) continue;
    if (body.length > 1) body.push(COMMA);
    body.push(run);
  }
  let tail = "]";
  // One item by its whole key is read as GetItem does, which has no pages.
  if (pages.next !== null && !read.isSingle) {
    const { index, key } = pages.next;
    tail += `,"NextToken":"${encodeToken(call.context.crypto, input, index, key)}"`;
    if (key !== null) tail += `,"LastEvaluatedKey":${JSON.stringify(key)}`;
  }
  if (mode !== null) tail += `,"ConsumedCapacity":${capacityJson(read.tableText, pages.units, mode, pages.indexUnits)}`;
  body.push(utf8Encode(`${tail}}`));
  call.succeed(body);
}

/** The failure of a write, in the words of its statement. */
export function writeFailureOf(write: PreparedWrite, outcome: Outcome): Failure {
  return write.isInsert && outcome.kind === "condition-failed" ? duplicateItem() : failureOf(outcome);
}

function answerWrite(call: Call, write: PreparedWrite, outcome: Outcome, mode: CapacityMode): void {
  if (outcome.kind !== "written") {
    call.fail(writeFailureOf(write, outcome));
    return;
  }
  const { attributes } = outcome;
  let tail = "]";
  if (mode !== null) {
    const units = writeUnits(Math.max(outcome.oldSize, outcome.newSize));
    tail += `,"ConsumedCapacity":${capacityJson(
      write.tableText, units, mode, indexUnitsOf(write.operation.table, outcome),
    )}`;
  }
  tail += "}";
  call.succeed(attributes === null ? [ITEMS_HEAD, utf8Encode(tail)] : [ITEMS_HEAD, attributes, utf8Encode(tail)]);
}

// ExecuteTransaction: PartiQL statements that are done all or none, or that read items as they were at one moment.
// EXISTS(SELECT …) goes with writes: a check of an item that is there and is as the statement says.
import type { Item } from "../../../model/attribute-value.ts";
import { utf8Decode } from "../../../base/utf8.ts";
import { must } from "../../../base/assert.ts";
import type { ConditionNode } from "../../../model/expression/ast.ts";
import { evaluateCondition } from "../../../model/expression/evaluate-condition.ts";
import { projectItem } from "../../../model/expression/project.ts";
import { encodeJson } from "../../../model/item-codec.ts";
import type {
  GetOperation, GetOutcome, Outcome, Refusal, TransactAction, TransactedOutcome,
} from "../../../model/operation.ts";
import type { Call } from "../call.ts";
import {
  type Failure, NO_REASON, type Reason, duplicateItem, failureOf, reasonOf, reasonOfFailure, transactionCancelled,
  validation,
} from "../errors.ts";
import { type Result, no, ok } from "../result.ts";
import type { JsonObject } from "../validate/json-object.ts";
import { EXECUTE_TRANSACTION } from "../validate/transaction-shapes.ts";
import type { OperationHandler } from "./handler.ts";
import { type PreparedRead, type PreparedWrite, prepare, statementOf } from "./prepare-statement.ts";
import { answer as answerReads } from "./transact-get-items.ts";
import { distinct, isToldBefore, requestHash, responses, writeCosts } from "./transaction-common.ts";

export const executeTransaction: OperationHandler = { shape: EXECUTE_TRANSACTION, run };

const EXISTS = /^\s*EXISTS\s*\(([\s\S]*)\)\s*$/i;

type Check = { readonly kind: "check"; readonly tableText: string; readonly action: TransactAction };
type Member = PreparedRead | PreparedWrite | Check;

function run(input: JsonObject, call: Call): Failure | null {
  const requests = input["TransactStatements"] as readonly JsonObject[];
  const hash = requestHash(call, requests);
  const members: Member[] = [];
  const reasons: Reason[] = [];
  let isCancelled = false;
  for (const request of requests) {
    const member = memberOf(request, call);
    if (member.ok) {
      members.push(member.value);
      reasons.push(NO_REASON);
    } else if (isOfOne(member.failure)) {
      isCancelled = true;
      reasons.push(reasonOfFailure(member.failure));
    } else return member.failure;
  }
  if (isCancelled) return transactionCancelled(reasons);
  const reads = members.filter((member): member is PreparedRead => member.kind === "read");
  if (reads.length > 0 && reads.length < members.length) {
    return validation("Cannot mix read and write statements in ExecuteTransaction");
  }
  if (reads.length > 0) return runReads(input, reads, call);
  return runWrites(input, members as readonly (PreparedWrite | Check)[], hash, call);
}

/** Keys of the wrong type are a reason to cancel. */
function isOfOne(failure: Failure): boolean {
  return (failure.message?.includes("Type mismatch for key") ?? false) && !isToldBefore(failure);
}

function memberOf(request: JsonObject, call: Call): Result<Member> {
  const exists = EXISTS.exec(request["Statement"] as string);
  const statement = statementOf(exists === null ? request : { ...request, Statement: exists[1] as string });
  if (!statement.ok) return statement;
  if (exists !== null && statement.value.kind !== "select") return no(validation("EXISTS takes a SELECT statement"));
  const prepared = prepare(statement.value, request, call);
  if (!prepared.ok || prepared.value.kind === "write") return prepared;
  const read = prepared.value;
  if (!isItem(read)) {
    return no(validation("Select statements within ExecuteTransaction must specify the primary key "
      + "in the where clause."));
  }
  return ok(exists === null ? read : checkOf(read, request));
}

/** One item of the table, by its whole key. */
function isItem({ isSingle, ranges }: PreparedRead): boolean {
  return isSingle && ranges?.length === 1;
}

function getOf({ target, ranges }: PreparedRead): GetOperation {
  const { table } = target;
  const { from, point } = must(ranges?.[0], "a read of one item has one range");
  return { kind: "get", table, address: { key: from, point }, isStrong: true, projection: null };
}

function checkOf(read: PreparedRead, request: JsonObject): Check {
  const { table, address } = getOf(read);
  const exists: ConditionNode = { kind: "attribute_exists", path: [table.hashKey.name] };
  return {
    kind: "check", tableText: read.tableText,
    action: {
      kind: "check", table, address,
      condition: read.filter === null ? exists : { kind: "and", left: exists, right: read.filter },
      returnOldOnFailure: request["ReturnValuesOnConditionCheckFailure"] === "ALL_OLD",
    },
  };
}

// ---- Reads.

function runReads(input: JsonObject, reads: readonly PreparedRead[], call: Call): Failure | null {
  const gets = distinct(reads.map((read) => ok(getOf(read))));
  if (!gets.ok) return gets.failure;
  call.plan({ kind: "transact-get", gets: gets.value }, (outcome) => {
    if (outcome.kind !== "items") call.fail(failureOf(outcome));
    else {
      const shown = reads.map((read, i) => shownOf(read, outcome.outcomes[i] as GetOutcome));
      answerReads(call, input, reads.map(({ tableText }) => tableText), shown);
    }
  });
  return null;
}

/** What of the item the statement asks for; the size stays that of the whole. */
function shownOf({ filter, projection }: PreparedRead, outcome: GetOutcome): GetOutcome {
  if (outcome.json === null || (filter === null && projection === null)) return outcome;
  const item = JSON.parse(must(utf8Decode(outcome.json), "an item is UTF-8")) as Item;
  if (filter !== null && !evaluateCondition(filter, item)) return { ...outcome, json: null, exists: false };
  return projection === null ? outcome : { ...outcome, json: encodeJson(projectItem(projection, item)) };
}

// ---- Writes.

function runWrites(
  input: JsonObject, members: readonly (PreparedWrite | Check)[], hash: string, call: Call,
): Failure | null {
  const actions = distinct<TransactAction>(members.map((member) => (
    ok(member.kind === "check" ? member.action : { ...member.operation, returnValues: "NONE" }))));
  if (!actions.ok) return actions.failure;
  const token = (input["ClientRequestToken"] as string | undefined) ?? null;
  call.plan({ kind: "transact-write", actions: actions.value, token, hash }, (outcome) => {
    if (outcome.kind === "transacted") answerWrites(call, input, members, actions.value, outcome);
    else call.fail(failureOfWrites(members, outcome));
  });
  return null;
}

function answerWrites(
  call: Call, input: JsonObject, members: readonly (PreparedWrite | Check)[], actions: readonly TransactAction[],
  outcome: TransactedOutcome,
): void {
  const costs = writeCosts(members.map(({ tableText }) => tableText), actions, outcome);
  call.succeed(responses(members.map(() => null), costs.json(input)));
}

/** In the words of the statements: an INSERT that fails its condition is a duplicate. */
function failureOfWrites(members: readonly (PreparedWrite | Check)[], outcome: Outcome): Failure {
  if (outcome.kind !== "cancelled") return failureOf(outcome);
  return transactionCancelled(outcome.reasons.map((refusal: Refusal | null, i) => {
    const member = members[i];
    const isDuplicate = refusal?.kind === "condition-failed" && member?.kind === "write" && member.isInsert;
    return isDuplicate ? reasonOfFailure(duplicateItem()) : reasonOf(refusal);
  }));
}

// PutResourcePolicy, GetResourcePolicy and DeleteResourcePolicy. Policies are kept and told, not enforced.
import type { TableSchema } from "../../../model/table-schema.ts";
import type { ResourcePolicy } from "../../../model/table-settings.ts";
import { streamLabel, streamsOf } from "../../../model/table-stream.ts";
import type { Call } from "../call.ts";
import {
  type Failure, failureOf, resourceNotFound, serviceError, tableNotFoundNamed, validation,
} from "../errors.ts";
import { type Result, no, ok } from "../result.ts";
import type { JsonObject } from "../validate/json-object.ts";
import { DELETE_POLICY, GET_POLICY, PUT_POLICY } from "../validate/settings-shapes.ts";
import type { OperationHandler } from "./handler.ts";
import { policyOf } from "./policy-document.ts";
import { resourceOf } from "./resource-arn.ts";

export const getResourcePolicy: OperationHandler = { shape: GET_POLICY, run: runGet };
export const putResourcePolicy: OperationHandler = { shape: PUT_POLICY, run: runPut };
export const deleteResourcePolicy: OperationHandler = { shape: DELETE_POLICY, run: runDelete };

function runGet(input: JsonObject, call: Call): Failure | null {
  const arn = input["ResourceArn"] as string;
  const target = targetAt(arn, call);
  if (!target.ok) return target.failure;
  const { policy } = target.value;
  if (policy === undefined) {
    return serviceError("PolicyNotFoundException",
      `Resource-based policy not found for the provided ResourceArn: ${arn}`);
  }
  call.succeedText(JSON.stringify({ Policy: policy.document, RevisionId: String(policy.revision) }));
  return null;
}

function runPut(input: JsonObject, call: Call): Failure | null {
  const target = targetAt(input["ResourceArn"] as string, call);
  if (!target.ok) return target.failure;
  const document = policyOf(input["Policy"] as string);
  if (!document.ok) return document.failure;
  change(target.value, document.value, input, call, (after) => after?.revision ?? null);
  return null;
}

/** Tells the revision that is gone; none when there was no policy. */
function runDelete(input: JsonObject, call: Call): Failure | null {
  const target = targetAt(input["ResourceArn"] as string, call);
  if (!target.ok) return target.failure;
  const revision = target.value.policy?.revision ?? null;
  change(target.value, null, input, call, () => revision);
  return null;
}

function change(
  { table, stream }: Target, document: string | null, input: JsonObject, call: Call,
  revisionOf: (after: ResourcePolicy | undefined) => number | null,
): void {
  const expected = (input["ExpectedRevisionId"] as string | undefined) ?? null;
  const policy = { stream, document, expected };
  call.plan({ kind: "update-table", name: table, change: { policy } }, (outcome) => {
    if (outcome.kind !== "table") {
      call.fail(failureOf(outcome, true));
      return;
    }
    const revision = revisionOf(holderIn(outcome.table, stream)?.policy);
    call.succeedText(JSON.stringify(revision === null ? {} : { RevisionId: String(revision) }));
  });
}

/** A table, or one of its streams by its label, and its policy. */
type Target = { readonly table: string; readonly stream: string | null; readonly policy: ResourcePolicy | undefined };

function holderIn(table: TableSchema, stream: string | null): { readonly policy?: ResourcePolicy } | undefined {
  return stream === null ? table : streamsOf(table).find((one) => streamLabel(one) === stream);
}

/** A table that is being made is not found yet. */
function targetAt(arn: string, call: Call): Result<Target> {
  const resource = resourceOf(arn);
  if (!resource.ok) return resource;
  const { table: name, stream } = resource.value;
  const [, , , region, account] = arn.split(":");
  if (account !== call.context.accountId) {
    return no(validation("This action is only supported by accounts that match the resource owner\u2019s account."));
  }
  if (region !== call.region) {
    return no(validation(`One or more parameter values were invalid: Invalid resource Arn: ${arn}`));
  }
  const table = call.context.lookupTable(name);
  if (table === null || table.status === "CREATING") return no(tableNotFoundNamed(name));
  const holder = holderIn(table, stream);
  if (holder !== undefined) return ok({ table: name, stream, policy: holder.policy });
  return no(resourceNotFound(`Requested resource not found: Stream: ${stream} not found for Table: ${name}`));
}

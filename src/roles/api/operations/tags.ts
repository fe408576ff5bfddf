// TagResource, UntagResource and ListTagsOfResource. All tags of a table fit one answer, as they do at DynamoDB: there
// is no NextToken, and one that is sent is not looked at.
import type { TagChange } from "../../../model/table-settings.ts";
import type { Call } from "../call.ts";
import { type Failure, failureOf, resourceNotFound, validation } from "../errors.ts";
import { type Result, no, ok } from "../result.ts";
import type { JsonObject } from "../validate/json-object.ts";
import { isTableNameRight } from "../validate/names.ts";
import { LIST_TAGS, TAG_RESOURCE, UNTAG_RESOURCE } from "../validate/table-shapes.ts";
import type { OperationHandler } from "./handler.ts";
import { type TagInput, tagKeysOf, tagsOf } from "./tag-rules.ts";

export const tagResource: OperationHandler = { shape: TAG_RESOURCE, run: runTag };
export const untagResource: OperationHandler = { shape: UNTAG_RESOURCE, run: runUntag };
export const listTagsOfResource: OperationHandler = { shape: LIST_TAGS, run: runList };

const INVALID = "One or more parameter values were invalid: ";

function runTag(input: JsonObject, call: Call): Failure | null {
  const arn = input["ResourceArn"] as string;
  const name = tableOfArn(arn);
  if (!name.ok) return name.failure;
  const inputs = input["Tags"] as readonly TagInput[];
  if (inputs.length === 0) return validation("Atleast one Tag needs to be provided as Input.");
  const tags = tagsOf(inputs);
  if (!tags.ok) return tags.failure;
  change(arn, name.value, { set: tags.value, remove: [] }, call);
  return null;
}

function runUntag(input: JsonObject, call: Call): Failure | null {
  const arn = input["ResourceArn"] as string;
  const name = tableOfArn(arn);
  if (!name.ok) return name.failure;
  const inputs = input["TagKeys"] as readonly string[];
  if (inputs.length === 0) return validation("Atleast one Tag Key needs to be provided as Input.");
  const keys = tagKeysOf(inputs);
  if (!keys.ok) return keys.failure;
  change(arn, name.value, { set: [], remove: keys.value }, call);
  return null;
}

function change(arn: string, name: string, tags: TagChange, call: Call): void {
  call.plan({ kind: "update-table", name, change: { tags } }, (outcome) => {
    if (outcome.kind === "table") call.succeed([]);
    else call.fail(outcome.kind === "table-not-found" ? arnNotFound(arn) : failureOf(outcome, true));
  });
}

function runList(input: JsonObject, call: Call): Failure | null {
  const arn = input["ResourceArn"] as string;
  const name = tableOfArn(arn);
  if (!name.ok) return name.failure;
  const table = call.context.lookupTable(name.value);
  if (table === null) return arnNotFound(arn);
  const tags = (table.tags ?? []).map(({ key, value }) => ({ Key: key, Value: value }));
  call.succeedText(JSON.stringify({ Tags: tags }));
  return null;
}

function arnNotFound(arn: string): Failure {
  return resourceNotFound(`Requested resource not found: ResourceArn: ${arn} not found`);
}

/** `arn:partition:dynamodb:region:account:table/name`. */
function tableOfArn(arn: string): Result<string> {
  if (!arn.startsWith("arn:")) return no(validation(`${INVALID}ARNs must start with 'arn:': ${arn}`));
  const parts = arn.split(":");
  const [, , service] = parts;
  const path = parts.slice(5).join(":").split("/");
  if (service !== "dynamodb" || path[0] !== "table" || path[2] === "backup") {
    return no(validation(`${INVALID}Provided Arn is not a DynamoDB resource arn: ${arn}`));
  }
  if (path[2] === "stream") return no(arnNotFound(arn));
  if (path.length > 2) {
    return no(validation(`${INVALID}Invalid resource arn provided, only table or stream is accepted. `
      + `Provided resource arn: ${arn}`));
  }
  const name = path[1] ?? "";
  return isTableNameRight(name) ? ok(name)
    : no(validation(`Invalid TableArn: Invalid ResourceArn provided as input ${arn}`));
}

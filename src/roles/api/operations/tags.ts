// TagResource, UntagResource and ListTagsOfResource. All tags of a table fit one answer, as they do at DynamoDB: there
// is no NextToken, and one that is sent is not looked at.
import type { TagChange } from "../../../model/table-settings.ts";
import { streamLabel, streamsOf } from "../../../model/table-stream.ts";
import type { Call } from "../call.ts";
import { type Failure, failureOf, validation } from "../errors.ts";
import { type Result, no, ok } from "../result.ts";
import type { JsonObject } from "../validate/json-object.ts";
import { LIST_TAGS, TAG_RESOURCE, UNTAG_RESOURCE } from "../validate/table-shapes.ts";
import type { OperationHandler } from "./handler.ts";
import { arnNotFound, resourceOf } from "./resource-arn.ts";
import { type TagInput, tagKeysOf, tagsOf } from "./tag-rules.ts";

export const tagResource: OperationHandler = { shape: TAG_RESOURCE, run: runTag };
export const untagResource: OperationHandler = { shape: UNTAG_RESOURCE, run: runUntag };
export const listTagsOfResource: OperationHandler = { shape: LIST_TAGS, run: runList };

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
  const resource = resourceOf(arn);
  if (!resource.ok) return resource.failure;
  const { table: name, stream } = resource.value;
  const table = call.context.lookupTable(name);
  if (table === null) return arnNotFound(arn);
  if (stream !== null && !streamsOf(table).some((one) => streamLabel(one) === stream)) return arnNotFound(arn);
  const tags = stream === null ? (table.tags ?? []).map(({ key, value }) => ({ Key: key, Value: value })) : [];
  call.succeedText(JSON.stringify({ Tags: tags }));
  return null;
}

/** Streams have no tags and can be given none; but to list none of them is no failure. */
function tableOfArn(arn: string): Result<string> {
  const resource = resourceOf(arn);
  if (!resource.ok) return resource;
  return resource.value.stream === null ? ok(resource.value.table) : no(arnNotFound(arn));
}

// ARNs of what tags and policies can be given to: `arn:partition:dynamodb:region:account:table/name`, and of a stream
// the same with `/stream/label` behind it.
import { type Failure, resourceNotFound, validation } from "../errors.ts";
import { type Result, no, ok } from "../result.ts";
import { isTableNameRight } from "../validate/names.ts";

const INVALID = "One or more parameter values were invalid: ";

/** `stream` is the label of one of the table's streams; null: the table itself. */
export type Resource = { readonly table: string; readonly stream: string | null };

export function resourceOf(arn: string): Result<Resource> {
  if (!arn.startsWith("arn:")) return no(validation(`${INVALID}ARNs must start with 'arn:': ${arn}`));
  const parts = arn.split(":");
  const [, , service] = parts;
  const path = parts.slice(5).join(":").split("/");
  const [kind, name = "", part, label] = path;
  if (service !== "dynamodb" || kind !== "table" || part === "backup") {
    return no(validation(`${INVALID}Provided Arn is not a DynamoDB resource arn: ${arn}`));
  }
  if (part === "stream" && label !== undefined && path.length === 4) return ok({ table: name, stream: label });
  if (path.length > 2) {
    return no(validation(`${INVALID}Invalid resource arn provided, only table or stream is accepted. `
      + `Provided resource arn: ${arn}`));
  }
  return isTableNameRight(name) ? ok({ table: name, stream: null })
    : no(validation(`Invalid TableArn: Invalid ResourceArn provided as input ${arn}`));
}

export function arnNotFound(arn: string): Failure {
  return resourceNotFound(`Requested resource not found: ResourceArn: ${arn} not found`);
}

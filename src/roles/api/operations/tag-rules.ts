// What tags must be: the rules of TagResource, UntagResource and CreateTable, with their texts.
import { TAG_COUNT_MAX, TAG_KEY_LENGTH_MAX, TAG_VALUE_LENGTH_MAX } from "../../../model/limits.ts";
import { type Tag, tagsProblem } from "../../../model/table-settings.ts";
import { type Failure, validation } from "../errors.ts";
import { type Result, no, ok } from "../result.ts";

export type TagInput = { readonly Key?: string; readonly Value?: string };

/** Letters, digits and spaces of any script, and + - = . _ : / @. */
const ALLOWED = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/** All tags or none. */
export function tagsOf(inputs: readonly TagInput[]): Result<readonly Tag[]> {
  const tags = new Map<string, Tag>();
  for (const { Key: key, Value: value } of inputs) {
    const failure = keyFailure(key);
    if (failure !== null) return no(failure);
    if (value === undefined || value.length > TAG_VALUE_LENGTH_MAX || !ALLOWED.test(value)) {
      return no(validation(`The Tag Value provided is invalid, Value: ${value ?? null}`));
    }
    const checked = key as string;
    if (tags.has(checked)) {
      return no(validation(`Duplicate Tag Keys provided as input: Duplicate Tag Key found ${checked}`));
    }
    tags.set(checked, { key: checked, value });
  }
  const list = [...tags.values()];
  const problem = tagsProblem(list);
  return problem === null ? ok(list) : no(validation(problem));
}

export function tagKeysOf(keys: readonly string[]): Result<readonly string[]> {
  for (const key of keys) {
    const failure = keyFailure(key);
    if (failure !== null) return no(failure);
  }
  return keys.length > TAG_COUNT_MAX
    ? no(validation("Number of Tags exceed the current limit for the provided ResourceArn")) : ok(keys);
}

function keyFailure(key: string | undefined): Failure | null {
  if (key === undefined || key === "" || key.length > TAG_KEY_LENGTH_MAX || !ALLOWED.test(key)) {
    return validation(`The Tag Key provided is invalid, Key: ${key ?? null}`);
  }
  return key.slice(0, 4).toLowerCase() === "aws:"
    ? validation(`Tag Key cannot be prefixed with aws:, Key: ${key}`) : null;
}

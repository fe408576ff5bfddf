// Resource-based policies: checked as far as their form goes, and brought into the canonical form that DynamoDB tells
// them in: no white space, members in a fixed order, lists of one element as the element.
import { utf8Length } from "../../../base/utf8.ts";
import { POLICY_BYTES_MAX } from "../../../model/limits.ts";
import { validation } from "../errors.ts";
import { type Result, no, ok } from "../result.ts";
import type { JsonObject } from "../validate/json-object.ts";

const INVALID = "One or more parameter values were invalid: ";
const UNBOUNDED = "Resource-based policy grants unbounded access in one or more elements. "
  + "Please revise the policy to ensure least-privilege form of access";
/** What a document without a version is taken for. */
const FIRST_VERSION = "2008-10-17";
const STATEMENT_MEMBERS: readonly string[] = [
  "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition",
];

export function policyOf(text: string): Result<string> {
  if (utf8Length(text) > POLICY_BYTES_MAX) {
    return no(validation(`${INVALID}Maximum policy size of ${POLICY_BYTES_MAX} bytes exceeded`));
  }
  const document = parsed(text);
  if (document === undefined) return invalid("This policy contains invalid Json");
  if (document === null) return invalid("This text appears not to be a policy");
  const { Version = FIRST_VERSION, Id, Statement } = document;
  if (Statement === undefined) return invalid(`Syntax error at position ${endOf(text)}`);
  const statements = Array.isArray(Statement) ? Statement as unknown[] : [Statement];
  if (statements.length === 0) return invalid("Could not parse the policy: Statement is empty!");
  const canonical: JsonObject[] = [];
  for (const statement of statements) {
    const one = statementOf(statement);
    if (!one.ok) return one;
    canonical.push(one.value);
  }
  const ids = canonical.map(({ Sid }) => Sid).filter((id) => id !== undefined && id !== "");
  if (new Set(ids).size < ids.length) return invalid("The Statement Ids in the policy are not unique");
  return ok(JSON.stringify({ Version, ...(Id === undefined ? {} : { Id }), Statement: canonical }));
}

function statementOf(statement: unknown): Result<JsonObject> {
  if (!isObject(statement)) return invalid("Could not parse the policy: Statement is empty!");
  const effect = String(statement["Effect"]).toLowerCase();
  if (effect !== "allow" && effect !== "deny") return invalid("Missing required field Effect");
  for (const name of ["Principal", "Action", "Resource"]) {
    if (statement[name] === undefined && statement[`Not${name}`] === undefined) {
      return invalid(`Missing required field ${name}`);
    }
  }
  if (effect === "allow" && isAnybody(statement["Principal"]) && statement["Condition"] === undefined) {
    return no(validation(UNBOUNDED));
  }
  const canonical: JsonObject = {};
  for (const name of STATEMENT_MEMBERS) {
    const value = statement[name];
    if (value !== undefined) canonical[name] = name === "Condition" ? value : withoutSingleLists(value);
  }
  canonical["Effect"] = effect === "allow" ? "Allow" : "Deny";
  return ok(canonical);
}

function isAnybody(principal: unknown): boolean {
  const who = isObject(principal) ? principal["AWS"] : principal;
  return who === "*" || (Array.isArray(who) && who.includes("*"));
}

/** Of a list and of the lists of a principal's members. */
function withoutSingleLists(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 1 ? value[0] as unknown : value;
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withoutSingleLists(inner)]));
}

/** Line and column behind the last character. */
function endOf(text: string): string {
  const lines = text.split("\n");
  return `(${lines.length},${(lines.at(-1) ?? "").length + 1})`;
}

/** Undefined: neither an object nor null. */
function parsed(text: string): JsonObject | null | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) || value === null ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(why: string): Result<never> {
  return no(validation(`${INVALID}Invalid policy document: ${why}`));
}

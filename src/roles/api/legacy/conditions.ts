// Expected, KeyConditions, QueryFilter and ScanFilter as conditions, and ConditionalOperator, which joins them.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LegacyConditionalParameters.html
import type { AttributeValue } from "../../../model/attribute-value.ts";
import type { ConditionNode } from "../../../model/expression/ast.ts";
import { isNameTooLong } from "../../../model/parse-value.ts";
import { NAME_TOO_LONG } from "../../../model/value-problem.ts";
import { validation } from "../errors.ts";
import { type Result, no, ok } from "../result.ts";
import type { JsonObject } from "../validate/json-object.ts";
import { checkedValues, comparisonFailure, conditionNodeOf, type ComparisonOperator } from "./comparison.ts";

const INVALID = "One or more parameter values were invalid: ";

/** What a sorted range of keys can be asked for. */
const KEY_OPERATORS: ReadonlySet<ComparisonOperator> = new Set<ComparisonOperator>([
  "EQ", "LE", "LT", "GE", "GT", "BEGINS_WITH", "BETWEEN",
]);

type Comparison = {
  readonly Value?: unknown;
  readonly Exists?: boolean;
  readonly ComparisonOperator?: ComparisonOperator;
  readonly AttributeValueList?: readonly unknown[];
};
type Comparisons = Readonly<Record<string, Comparison>>;

/** Null: the parameter is absent or empty. */
export function legacyFilter(input: JsonObject, parameter: string): Result<ConditionNode | null> {
  return joined(input, parameter, conditionNode);
}

/** Null: no Expected, or an empty one. */
export function legacyExpected(input: JsonObject): Result<ConditionNode | null> {
  return joined(input, "Expected", expectedNode);
}

/** Null: no KeyConditions. Each condition is right by itself; whether the key allows them is for the caller. */
export function legacyKeyConditions(input: JsonObject): Result<ConditionNode | null> {
  const comparisons = input["KeyConditions"] as Comparisons | undefined;
  if (comparisons === undefined) return ok(null);
  if (Object.keys(comparisons).length === 0 || Object.keys(comparisons).length > 2) {
    return no(validation("Conditions can be of length 1 or 2 only"));
  }
  for (const { ComparisonOperator } of Object.values(comparisons)) {
    if (ComparisonOperator !== undefined && KEY_OPERATORS.has(ComparisonOperator)) continue;
    return no(validation("Attempted conditional constraint is not an indexable operation"));
  }
  return joinAll(comparisons, conditionNode, "AND");
}

function joined(input: JsonObject, parameter: string, nodeOf: NodeOf): Result<ConditionNode | null> {
  const comparisons = input[parameter] as Comparisons | undefined;
  const operator = input["ConditionalOperator"] as "AND" | "OR" | undefined;
  if (comparisons === undefined) {
    return operator === undefined
      ? ok(null) : no(validation("ConditionalOperator cannot be used without Filter or Expected"));
  }
  if (operator !== undefined && Object.keys(comparisons).length < 2) {
    return no(validation("ConditionalOperator can only be used when Filter or Expected has two or more elements"));
  }
  return joinAll(comparisons, nodeOf, operator ?? "AND");
}

type NodeOf = (name: string, comparison: Comparison) => Result<ConditionNode>;

function joinAll(comparisons: Comparisons, nodeOf: NodeOf, operator: "AND" | "OR"): Result<ConditionNode | null> {
  let all: ConditionNode | null = null;
  for (const [name, comparison] of Object.entries(comparisons)) {
    if (isNameTooLong(name)) return no(validation(NAME_TOO_LONG.message));
    const node = nodeOf(name, comparison);
    if (!node.ok) return node;
    all = all === null ? node.value : { kind: operator === "AND" ? "and" : "or", left: all, right: node.value };
  }
  return ok(all);
}

function conditionNode(name: string, comparison: Comparison): Result<ConditionNode> {
  const values = checkedValues(comparison.AttributeValueList ?? []);
  if (!values.ok) return values;
  return compared(name, comparison.ComparisonOperator as ComparisonOperator, values.value);
}

function compared(
  name: string, operator: ComparisonOperator, values: readonly AttributeValue[],
): Result<ConditionNode> {
  const failure = comparisonFailure(operator, values);
  return failure === null ? ok(conditionNodeOf(name, operator, values)) : no(failure);
}

/** Either a comparison, or the older form: a value that must be there, or `Exists: false`. */
function expectedNode(name: string, comparison: Comparison): Result<ConditionNode> {
  const { Value, Exists, ComparisonOperator, AttributeValueList } = comparison;
  const refuse = (text: string): Result<ConditionNode> => no(validation(`${INVALID}${text} for Attribute: ${name}`));
  const values = checkedValues(AttributeValueList ?? (Value === undefined ? [] : [Value]));
  if (!values.ok) return values;
  if (ComparisonOperator !== undefined) {
    if (Exists !== undefined) return refuse("Exists and ComparisonOperator cannot be used together");
    if (Value !== undefined && AttributeValueList !== undefined) {
      return refuse("Value and AttributeValueList cannot be used together");
    }
    const takesNone = ComparisonOperator === "NULL" || ComparisonOperator === "NOT_NULL";
    if (!takesNone && Value === undefined && AttributeValueList === undefined) {
      return refuse(`Value or AttributeValueList must be used with ComparisonOperator: ${ComparisonOperator}`);
    }
    return compared(name, ComparisonOperator, values.value);
  }
  if (AttributeValueList !== undefined) {
    return refuse("AttributeValueList can only be used with a ComparisonOperator");
  }
  const value = values.value[0];
  if (Exists === false) {
    return value === undefined
      ? ok(conditionNodeOf(name, "NULL", [])) : refuse("Value cannot be used when Exists is false");
  }
  if (value === undefined) return refuse(`Value must be provided when Exists is ${Exists === true ? "true" : "null"}`);
  return ok(conditionNodeOf(name, "EQ", [value]));
}

// One comparison of an attribute, as Expected, KeyConditions, QueryFilter and ScanFilter write it, turned into the
// condition that an expression would have become.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LegacyConditionalParameters.Conditions.html
import type { AttributeValue } from "../../../model/attribute-value.ts";
import type { Comparator, ConditionNode, Operand } from "../../../model/expression/ast.ts";
import { compareValues } from "../../../model/expression/compare-values.ts";
import { typeOf } from "../../../model/expression/value-type.ts";
import { type Failure, validation } from "../errors.ts";
import { type Result, no, ok } from "../result.ts";
import { InvalidValue } from "../validate/check-values.ts";

export type ComparisonOperator =
  | "EQ" | "NE" | "LE" | "LT" | "GE" | "GT" | "NOT_NULL" | "NULL" | "CONTAINS" | "NOT_CONTAINS" | "BEGINS_WITH" | "IN"
  | "BETWEEN";

const INVALID = "One or more parameter values were invalid: ";
const COMPARATORS: Readonly<Partial<Record<ComparisonOperator, Comparator>>> = {
  EQ: "=", NE: "<>", LE: "<=", LT: "<", GE: ">=", GT: ">",
};
const SCALARS = "S N B";
/** Types that an operator takes. Those that are not named here take all. */
const TYPES: Readonly<Partial<Record<ComparisonOperator, string>>> = {
  LE: SCALARS, LT: SCALARS, GE: SCALARS, GT: SCALARS, BETWEEN: SCALARS, IN: SCALARS, BEGINS_WITH: "S B",
  CONTAINS: `${SCALARS} BOOL NULL`, NOT_CONTAINS: `${SCALARS} BOOL NULL`,
};

/** Values per operator; IN takes one or more. */
function takes(operator: ComparisonOperator, count: number): boolean {
  switch (operator) {
    case "NULL":
    case "NOT_NULL":
      return count === 0;
    case "BETWEEN":
      return count === 2;
    case "IN":
      return count >= 1;
    default:
      return count === 1;
  }
}

/** Values as the structural check left them: valid, or InvalidValue in place. */
export function checkedValues(values: readonly unknown[]): Result<readonly AttributeValue[]> {
  for (const value of values) if (value instanceof InvalidValue) return no(validation(value.message));
  return ok(values as readonly AttributeValue[]);
}

export function comparisonFailure(
  operator: ComparisonOperator, values: readonly AttributeValue[],
): Failure | null {
  if (!takes(operator, values.length)) {
    return validation(`${INVALID}Invalid number of argument(s) for the ${operator} ComparisonOperator`);
  }
  const types = TYPES[operator];
  for (const value of values) {
    const type = typeOf(value);
    if (types === undefined || types.split(" ").includes(type)) continue;
    return validation(`${INVALID}ComparisonOperator ${operator} is not valid for ${type} AttributeValue type`);
  }
  return listFailure(operator, values);
}

/** BETWEEN and IN compare with several values, which are of one type. */
function listFailure(operator: ComparisonOperator, values: readonly AttributeValue[]): Failure | null {
  const [first, second] = values;
  if (first === undefined || second === undefined) return null;
  if (values.some((value) => typeOf(value) !== typeOf(first))) {
    return validation(`${INVALID}AttributeValues inside AttributeValueList must be of same type`);
  }
  if (operator === "BETWEEN" && (compareValues(first, second) ?? 0) > 0) {
    return validation(
      "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound",
    );
  }
  return null;
}

/** What an expression with the same meaning would have been parsed into. The number of values fits the operator. */
export function conditionNodeOf(
  name: string, operator: ComparisonOperator, values: readonly AttributeValue[],
): ConditionNode {
  const path: Operand = { kind: "path", path: [name] };
  const operands = values.map((value): Operand => ({ kind: "value", value }));
  const comparator = COMPARATORS[operator];
  if (comparator !== undefined) return { kind: "compare", comparator, left: path, right: operands[0] as Operand };
  switch (operator) {
    case "NULL":
      return { kind: "attribute_not_exists", path: [name] };
    case "NOT_NULL":
      return { kind: "attribute_exists", path: [name] };
    case "BETWEEN":
      return { kind: "between", operand: path, low: operands[0] as Operand, high: operands[1] as Operand };
    case "IN":
      return { kind: "in", operand: path, list: operands };
    case "BEGINS_WITH":
      return { kind: "begins_with", operand: path, prefix: operands[0] as Operand };
    case "CONTAINS":
      return { kind: "contains", operand: path, element: operands[0] as Operand };
    default:
      return { kind: "not", operand: { kind: "contains", operand: path, element: operands[0] as Operand } };
  }
}

// What a KeyConditionExpression may say: one condition on the partition key and at most one on the sort
// key. Takes a condition that is already parsed and checked like any other.
import type { AttributeValue, KeyType } from "../attribute-value.ts";
import type { Comparator, ConditionNode, Operand, PathNode } from "./ast.ts";
import type { SortCondition } from "./sort-condition.ts";
import { typeOf } from "./value-type.ts";

/** The key attributes of the table or index that is queried. */
export type KeyConditionSchema = {
  readonly hashName: string;
  readonly hashType: KeyType;
  readonly rangeName: string | null;
  /** Null exactly when rangeName is. */
  readonly rangeType: KeyType | null;
};

export type KeyCondition = { readonly hashValue: AttributeValue; readonly sort: SortCondition };

export type KeyConditionResult =
  | { readonly ok: true; readonly value: KeyCondition }
  | { readonly ok: false; readonly message: string };

export type KeyTest = NonNullable<SortCondition>;
type Tests = Map<string, KeyTest>;
/** By the attribute that they are about. */
export type KeyTests = ReadonlyMap<string, KeyTest>;

/** Key attributes one condition may name: more than these are refused whatever they are. */
const CONDITION_COUNT_MAX = 2;

const mirrored: Readonly<Record<Exclude<Comparator, "<>">, KeyTest["op"]>> = {
  "=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<=",
};

export function toKeyCondition(node: ConditionNode, schema: KeyConditionSchema): KeyConditionResult {
  const tests = keyTestsIn(node);
  return typeof tests === "string" ? refuse(tests) : keyConditionOf(tests, schema);
}

export function keyConditionOf(tests: KeyTests, schema: KeyConditionSchema): KeyConditionResult {
  if (tests.size > CONDITION_COUNT_MAX) return refuse("Conditions can be of length 1 or 2 only");
  const hash = tests.get(schema.hashName);
  if (hash === undefined) return refuse(`Query condition missed key schema element: ${schema.hashName}`);
  const range = schema.rangeName === null ? undefined : tests.get(schema.rangeName);
  if (tests.size > 1 && range === undefined) {
    if (schema.rangeName === null) return refuse("Query key condition not supported");
    return refuse(`Query condition missed key schema element: ${schema.rangeName}`);
  }
  if (hash.op !== "=") return refuse("Query key condition not supported");
  const problem = keyTypeProblem(schema.hashName, schema.hashType, hash) ??
    (range === undefined ? null : keyTypeProblem(schema.rangeName, schema.rangeType, range));
  if (problem !== null) return refuse(problem);
  return { ok: true, value: { hashValue: hash.value, sort: range ?? null } };
}

/** The tests of a condition; a text: what is wrong with it, whatever the keys are. */
export function keyTestsIn(node: ConditionNode): KeyTests | string {
  const tests: Tests = new Map();
  return collect(node, tests) ?? tests;
}

function refuse(message: string): KeyConditionResult {
  return { ok: false, message };
}

/** Puts the tests of a conjunction into `tests` by attribute. Returns what is wrong, or null. */
function collect(node: ConditionNode, tests: Tests): string | null {
  switch (node.kind) {
    case "and":
      return collect(node.left, tests) ?? collect(node.right, tests);
    case "compare":
      if (node.comparator === "<>") return invalidOperator("<>");
      return collectComparison(node.comparator, node.left, node.right, tests);
    case "between":
      return collectTest("BETWEEN", node.operand, [node.low, node.high], tests, ([low, high]) =>
        ({ op: "between", low: low as AttributeValue, high: high as AttributeValue }));
    case "begins_with":
      return collectTest("begins_with", node.operand, [node.prefix], tests, ([prefix]) =>
        ({ op: "begins_with", prefix: prefix as AttributeValue }));
    case "or":
    case "not":
    case "in":
      return invalidOperator(node.kind.toUpperCase());
    case "contains":
    case "attribute_exists":
    case "attribute_not_exists":
    case "attribute_type":
      return invalidOperator(node.kind);
  }
}

function invalidOperator(name: string): string {
  return `Invalid operator used in KeyConditionExpression: ${name}`;
}

function collectComparison(
  comparator: Exclude<Comparator, "<>">,
  left: Operand,
  right: Operand,
  tests: Tests,
): string | null {
  const isMirrored = left.kind === "value" && right.kind === "path";
  const op = (isMirrored ? mirrored[comparator] : comparator) as "=" | "<" | "<=" | ">" | ">=";
  const [key, other] = isMirrored ? [right, left] : [left, right];
  return collectTest(comparator, key, [other], tests, ([value]) => ({ op, value: value as AttributeValue }));
}

function collectTest(
  operator: string,
  key: Operand,
  others: readonly Operand[],
  tests: Tests,
  make: (values: readonly AttributeValue[]) => KeyTest,
): string | null {
  // Runs for every Query: loops instead of lists of lists.
  let path: PathNode | null = null;
  let pathCount = 0;
  const values: AttributeValue[] = [];
  for (let i = -1; i < others.length; i++) {
    const operand = i < 0 ? key : others[i] as Operand;
    if (operand.kind === "size") return "KeyConditionExpressions cannot contain nested operations";
    if (operand.kind === "path") {
      path ??= operand.path;
      pathCount++;
    } else if (i >= 0) values.push(operand.value);
  }
  const invalid = "Invalid condition in KeyConditionExpression: ";
  if (path === null) return `${invalid}No key attribute specified`;
  if (pathCount > 1) return `${invalid}Multiple attribute names used in one condition`;
  if (path.length > 1) return "KeyConditionExpressions cannot have conditions on nested attributes";
  if (key.kind !== "path") return `${invalid}${operator} operator must have the key attribute as its first operand`;
  if (tests.has(path[0])) return "KeyConditionExpressions must only contain one condition per key";
  tests.set(path[0], make(values));
  return null;
}

export function keyTypeProblem(name: string | null, type: KeyType | null, test: KeyTest): string | null {
  const values = test.op === "between" ? [test.low, test.high] : [test.op === "begins_with" ? test.prefix : test.value];
  for (const value of values) {
    if (typeOf(value) !== type) {
      return "One or more parameter values were invalid: Condition parameter type does not match schema type";
    }
    const isEmpty = ("S" in value && value.S === "") || ("B" in value && value.B === "");
    if (!isEmpty) continue;
    const kind = type === "S" ? "string" : "binary";
    return "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain " +
      `an empty ${kind} value. Key: ${name}`;
  }
  return null;
}

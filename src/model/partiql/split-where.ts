// What of a WHERE finds items by their key, and what is left to be tested on each.
import type { AttributeValue } from "../attribute-value.ts";
import type { ConditionNode, Operand } from "../expression/ast.ts";
import type { SortCondition } from "../expression/sort-condition.ts";
import { typeOf } from "../expression/value-type.ts";
import type { KeyAttribute } from "../table-schema.ts";

export type WhereParts = {
  /** Values of the partition key, one of which an item must have. Null: any. */
  readonly hashValues: readonly AttributeValue[] | null;
  /** Always null when `hashValues` is. */
  readonly sort: SortCondition;
  readonly rest: ConditionNode | null;
};

/** Of a table, or of an index. */
export type KeySchema = { readonly hashKey: KeyAttribute; readonly rangeKey: KeyAttribute | null };

export function splitWhere(keys: KeySchema, where: ConditionNode | null): WhereParts {
  const terms: ConditionNode[] = [];
  if (where !== null) flatten(where, terms);
  let hashValues: readonly AttributeValue[] | null = null;
  let sort: SortCondition = null;
  const { hashKey, rangeKey } = keys;
  const hashAt = terms.findIndex((term) => equalities(term, hashKey.name) !== null);
  if (hashAt >= 0) hashValues = equalities(terms[hashAt] as ConditionNode, hashKey.name);
  let sortAt = -1;
  if (hashValues !== null && rangeKey !== null) {
    // An equality narrows most.
    sortAt = terms.findIndex((term) => sortTest(term, rangeKey.name)?.op === "=");
    if (sortAt < 0) {
      sortAt = terms.findIndex((term) => {
        const test = sortTest(term, rangeKey.name);
        return test !== null && isOfType(test, rangeKey.type);
      });
    }
    if (sortAt >= 0) sort = sortTest(terms[sortAt] as ConditionNode, rangeKey.name);
  }
  let rest: ConditionNode | null = null;
  for (let i = 0; i < terms.length; i++) {
    if (i === hashAt || i === sortAt) continue;
    const term = terms[i] as ConditionNode;
    rest = rest === null ? term : { kind: "and", left: rest, right: term };
  }
  return { hashValues, sort, rest };
}

/** Down the left side only once per operator: the parser bounds their number. */
function flatten(node: ConditionNode, into: ConditionNode[]): void {
  if (node.kind !== "and") {
    into.push(node);
    return;
  }
  flatten(node.left, into);
  flatten(node.right, into);
}

function isAttribute(operand: Operand, name: string): boolean {
  return operand.kind === "path" && operand.path.length === 1 && operand.path[0] === name;
}

/** The values of `name = v`, `name IN [...]`, or several of them joined by OR. Null: anything else. */
function equalities(node: ConditionNode, name: string): readonly AttributeValue[] | null {
  switch (node.kind) {
    case "compare": {
      const test = sortTest(node, name);
      return test !== null && test.op === "=" ? [test.value] : null;
    }
    case "in": {
      if (!isAttribute(node.operand, name)) return null;
      const values: AttributeValue[] = [];
      for (const operand of node.list) {
        if (operand.kind !== "value") return null;
        values.push(operand.value);
      }
      return values;
    }
    case "or": {
      const left = equalities(node.left, name);
      const right = left === null ? null : equalities(node.right, name);
      return left === null || right === null ? null : [...left, ...right];
    }
    default:
      return null;
  }
}

const MIRRORED = { "=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<=" } as const;

/** A test of the attribute `name` that selects one range of its values. Null: anything else. */
function sortTest(node: ConditionNode, name: string): SortCondition {
  switch (node.kind) {
    case "compare": {
      const { comparator, left, right } = node;
      if (comparator === "<>") return null;
      if (isAttribute(left, name) && right.kind === "value") return { op: comparator, value: right.value };
      if (left.kind === "value" && isAttribute(right, name)) return { op: MIRRORED[comparator], value: left.value };
      return null;
    }
    case "between": {
      const { operand, low, high } = node;
      if (!isAttribute(operand, name) || low.kind !== "value" || high.kind !== "value") return null;
      return { op: "between", low: low.value, high: high.value };
    }
    case "begins_with":
      return isAttribute(node.operand, name) && node.prefix.kind === "value"
        ? { op: "begins_with", prefix: node.prefix.value } : null;
    default:
      return null;
  }
}

/** A range of another type, or of numbers by prefix, selects nothing, which a filter sees as well. */
function isOfType(test: NonNullable<SortCondition>, type: string): boolean {
  switch (test.op) {
    case "between": return typeOf(test.low) === type && typeOf(test.high) === type;
    case "begins_with": return typeOf(test.prefix) === type && type !== "N";
    default: return typeOf(test.value) === type;
  }
}

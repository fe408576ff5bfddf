// Whether an item meets a condition. Evaluation cannot fail: an operand that is absent or of a type the
// operator does not take makes its comparison false (and "<>" true, as that is the opposite of "=").
import type { AttributeValue, Item } from "../attribute-value.ts";
import { newAttributeMap } from "../attribute-map.ts";
import type { Comparator, ConditionNode, Operand } from "./ast.ts";
import { binaryBeginsWith, binaryContains } from "./binary-text.ts";
import { compareValues, equalValues } from "./compare-values.ts";
import { valueAt } from "./document-path.ts";
import { sizeOf } from "./value-size.ts";
import { typeOf } from "./value-type.ts";

const emptyItem: Item = newAttributeMap();

/** `item` null: there is no item, which is the same as one without attributes. */
export function evaluateCondition(node: ConditionNode, item: Item | null): boolean {
  return evaluate(node, item ?? emptyItem);
}

function evaluate(node: ConditionNode, item: Item): boolean {
  switch (node.kind) {
    case "and":
      return evaluate(node.left, item) && evaluate(node.right, item);
    case "or":
      return evaluate(node.left, item) || evaluate(node.right, item);
    case "not":
      return !evaluate(node.operand, item);
    case "attribute_exists":
      return valueAt(item, node.path) !== undefined;
    case "attribute_not_exists":
      return valueAt(item, node.path) === undefined;
    case "attribute_type": {
      const value = valueAt(item, node.path);
      return value !== undefined && typeOf(value) === node.type;
    }
    case "compare":
      return compare(node.comparator, resolve(node.left, item), resolve(node.right, item));
    case "between": {
      const value = resolve(node.operand, item);
      return compare(">=", value, resolve(node.low, item)) && compare("<=", value, resolve(node.high, item));
    }
    case "in": {
      const value = resolve(node.operand, item);
      return value !== undefined && node.list.some((element) => compare("=", value, resolve(element, item)));
    }
    case "begins_with":
      return beginsWith(resolve(node.operand, item), resolve(node.prefix, item));
    case "contains":
      return contains(resolve(node.operand, item), resolve(node.element, item));
  }
}

function resolve(operand: Operand, item: Item): AttributeValue | undefined {
  switch (operand.kind) {
    case "value":
      return operand.value;
    case "path":
      return valueAt(item, operand.path);
    case "size": {
      const value = valueAt(item, operand.path);
      const size = value === undefined ? null : sizeOf(value);
      return size === null ? undefined : { N: String(size) };
    }
  }
}

function compare(
  comparator: Comparator,
  left: AttributeValue | undefined,
  right: AttributeValue | undefined,
): boolean {
  if (comparator === "<>") return !compare("=", left, right);
  if (left === undefined || right === undefined) return false;
  if (comparator === "=") return equalValues(left, right);
  const order = compareValues(left, right);
  if (order === null) return false;
  switch (comparator) {
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
  }
}

function beginsWith(value: AttributeValue | undefined, prefix: AttributeValue | undefined): boolean {
  if (value === undefined || prefix === undefined) return false;
  if ("S" in value) return "S" in prefix && value.S.startsWith(prefix.S);
  return "B" in value && "B" in prefix && binaryBeginsWith(value.B, prefix.B);
}

/** A part of a string or binary, an element of a set of the same kind, or an element of a list. */
function contains(value: AttributeValue | undefined, element: AttributeValue | undefined): boolean {
  if (value === undefined || element === undefined) return false;
  if ("S" in value) return "S" in element && value.S.includes(element.S);
  if ("B" in value) return "B" in element && binaryContains(value.B, element.B);
  if ("SS" in value) return "S" in element && value.SS.includes(element.S);
  if ("NS" in value) return "N" in element && value.NS.includes(element.N);
  if ("BS" in value) return "B" in element && value.BS.includes(element.B);
  return "L" in value && value.L.some((candidate) => equalValues(candidate, element));
}

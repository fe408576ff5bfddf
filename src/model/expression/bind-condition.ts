// From a condition's syntax tree to the tree that is evaluated: placeholders replaced, operand types and
// bounds of literal operands checked.
import { assert, must } from "../../base/assert.ts";
import type { AttributeType, AttributeValue } from "../attribute-value.ts";
import type { ConditionNode, Operand, PathNode } from "./ast.ts";
import { Binder } from "./binder.ts";
import { compareValues } from "./compare-values.ts";
import type { ExpressionContext } from "./context.ts";
import { formatPath } from "./path-tree.ts";
import type { RawCall, RawCondition, RawOperand } from "./syntax-tree.ts";
import { sizeOf } from "./value-size.ts";
import { isAttributeType, typeOf } from "./value-type.ts";

const ordered: ReadonlySet<AttributeType> = new Set(["S", "N", "B"]);
const texts: ReadonlySet<AttributeType> = new Set(["S", "B"]);
const containers: ReadonlySet<AttributeType> = new Set(["S", "B", "SS", "NS", "BS", "L"]);
const sized: ReadonlySet<AttributeType> = new Set(["S", "B", "SS", "NS", "BS", "L", "M"]);

export type BoundCondition =
  | { readonly ok: true; readonly value: ConditionNode }
  | { readonly ok: false; readonly message: string };

/** `root` has passed the checks of check-structure.ts. */
export function bindCondition(root: RawCondition, context: ExpressionContext): BoundCondition {
  const binder = new Binder(context);
  const value = bind(binder, root);
  return value === null ? { ok: false, message: must(binder.problem) } : { ok: true, value };
}

function bind(binder: Binder, node: RawCondition): ConditionNode | null {
  switch (node.kind) {
    case "and":
    case "or": {
      const left = bind(binder, node.left);
      const right = left === null ? null : bind(binder, node.right);
      return left === null || right === null ? null : { kind: node.kind, left, right };
    }
    case "not": {
      const operand = bind(binder, node.operand);
      return operand === null ? null : { kind: "not", operand };
    }
    case "compare": {
      const operands = bindOperands(binder, [node.left, node.right]);
      if (operands === null) return null;
      const [left, right] = operands as [Operand, Operand];
      const isOrder = node.comparator !== "=" && node.comparator !== "<>";
      if (isOrder && !checkTypes(binder, node.comparator, operands, ordered)) return null;
      if (!checkDistinct(binder, node.comparator, operands)) return null;
      return { kind: "compare", comparator: node.comparator, left, right };
    }
    case "between": {
      const operands = bindOperands(binder, [node.operand, node.low, node.high]);
      if (operands === null) return null;
      const [operand, low, high] = operands as [Operand, Operand, Operand];
      if (!checkTypes(binder, "BETWEEN", operands, ordered)) return null;
      if (!checkDistinct(binder, "BETWEEN", operands) || !checkBounds(binder, low, high)) return null;
      return { kind: "between", operand, low, high };
    }
    case "in": {
      const operands = bindOperands(binder, [node.operand, ...node.list]);
      if (operands === null || !checkDistinct(binder, "IN", operands)) return null;
      return { kind: "in", operand: must(operands[0]), list: operands.slice(1) };
    }
    case "call":
      return bindCall(binder, node);
  }
}

function bindCall(binder: Binder, call: RawCall): ConditionNode | null {
  const operands = bindOperands(binder, call.operands);
  if (operands === null) return null;
  const first = must(operands[0]);
  switch (call.name) {
    case "attribute_exists":
      return { kind: "attribute_exists", path: pathOf(first) };
    case "attribute_not_exists":
      return { kind: "attribute_not_exists", path: pathOf(first) };
    case "attribute_type":
      return bindAttributeType(binder, pathOf(first), must(operands[1]));
    case "begins_with":
      if (!checkTypes(binder, call.name, operands, texts)) return null;
      if (!checkDistinct(binder, call.name, operands)) return null;
      return { kind: "begins_with", operand: first, prefix: must(operands[1]) };
    default:
      assert(call.name === "contains", "check-structure lets no other function through");
      if (!checkTypes(binder, call.name, [first], containers)) return null;
      if (!checkDistinct(binder, call.name, operands)) return null;
      return { kind: "contains", operand: first, element: must(operands[1]) };
  }
}

function bindAttributeType(binder: Binder, path: PathNode, operand: Operand): ConditionNode | null {
  const type = staticType(operand);
  if (operand.kind !== "value" || !("S" in operand.value)) {
    return binder.failOnType("attribute_type", type ?? "ANY");
  }
  const name = operand.value.S;
  if (isAttributeType(name)) return { kind: "attribute_type", path, type: name };
  const valid = "{B,NULL,SS,BOOL,L,BS,N,NS,S,M}";
  return binder.fail(`Invalid attribute type name found; type: ${name}, valid types: ${valid}`);
}

function bindOperands(binder: Binder, raws: readonly RawOperand[]): Operand[] | null {
  const operands: Operand[] = [];
  for (const raw of raws) {
    const operand = bindOperand(binder, raw);
    if (operand === null) return null;
    operands.push(operand);
  }
  return operands;
}

function bindOperand(binder: Binder, raw: RawOperand): Operand | null {
  switch (raw.kind) {
    case "path": {
      const path = binder.path(raw);
      return path === null ? null : { kind: "path", path };
    }
    case "value": {
      const value = binder.value(raw);
      return value === null ? null : { kind: "value", value };
    }
    case "call": {
      assert(raw.name === "size", "check-structure lets only size stand as an operand");
      const inner = bindOperand(binder, must(raw.operands[0]));
      if (inner === null || !checkTypes(binder, "size", [inner], sized)) return null;
      if (inner.kind === "path") return { kind: "size", path: inner.path };
      assert(inner.kind === "value", "the size of a size has been refused for its type");
      // The size of a literal is a literal.
      return { kind: "value", value: { N: String(must(sizeOf(inner.value))) } };
    }
  }
}

function pathOf(operand: Operand): PathNode {
  assert(operand.kind === "path", "check-structure requires a path here");
  return operand.path;
}

/** Null: known only with an item in hand. */
function staticType(operand: Operand): AttributeType | null {
  if (operand.kind === "path") return null;
  return operand.kind === "size" ? "N" : typeOf(operand.value);
}

function checkTypes(
  binder: Binder,
  name: string,
  operands: readonly Operand[],
  allowed: ReadonlySet<AttributeType>,
): boolean {
  for (const operand of operands) {
    const type = staticType(operand);
    if (type === null || allowed.has(type)) continue;
    binder.failOnType(name, type);
    return false;
  }
  return true;
}

function checkDistinct(binder: Binder, operator: string, operands: readonly Operand[]): boolean {
  const first = must(operands[0]);
  if (first.kind !== "path") return true;
  for (let i = 1; i < operands.length; i++) {
    const other = must(operands[i]);
    if (other.kind !== "path" || !isSamePath(first.path, other.path)) continue;
    binder.fail(
      "The first operand must be distinct from the remaining operands for this operator or function; " +
        `operator: ${operator}, first operand: ${formatPath(first.path)}`,
    );
    return false;
  }
  return true;
}

function isSamePath(a: PathNode, b: PathNode): boolean {
  return a.length === b.length && a.every((part, i) => part === b[i]);
}

function checkBounds(binder: Binder, low: Operand, high: Operand): boolean {
  if (low.kind !== "value" || high.kind !== "value") return true;
  const order = compareValues(low.value, high.value);
  if (order !== null && order <= 0) return true;
  const rule = order === null
    ? "requires same data type for lower and upper bounds"
    : "requires upper bound to be greater than or equal to lower bound";
  binder.fail(
    `The BETWEEN operator ${rule}; lower bound operand: ${formatValue(low.value)}, ` +
      `upper bound operand: ${formatValue(high.value)}`,
  );
  return false;
}

/** As DynamoDB's messages show a value of an ordered type: `AttributeValue: {N:2}`. */
function formatValue(value: AttributeValue): string {
  const text = "S" in value ? value.S : "N" in value ? value.N : "B" in value ? value.B : "";
  return `AttributeValue: {${typeOf(value)}:${text}}`;
}

// The values an update computes from the item as it was: what SET assigns, what ADD and DELETE make of an
// existing value.
import { unreachable } from "../../base/assert.ts";
import type { AttributeValue, Item } from "../attribute-value.ts";
import { addNumbers, subtractNumbers } from "../number38.ts";
import type { NumberProblem, NumberResult } from "../number38.ts";
import type { SetValue } from "./ast.ts";
import { valueAt } from "./document-path.ts";

export type Computed =
  | { readonly ok: true; readonly value: AttributeValue }
  | { readonly ok: false; readonly message: string };

const MISSING = failure("The provided expression refers to an attribute that does not exist in the item");
/** Told when an action does not go with what the item holds. */
export const OPERAND_TYPE = "An operand in the update expression has an incorrect data type";
const WRONG_TYPE = failure(OPERAND_TYPE);

function failure(message: string): Computed {
  return { ok: false, message };
}

export function computeSetValue(node: SetValue, item: Item): Computed {
  switch (node.kind) {
    case "operand":
      return node.operand.kind === "value" ? success(node.operand.value) : present(valueAt(item, node.operand.path));
    case "if_not_exists": {
      const value = valueAt(item, node.path);
      return value === undefined ? computeSetValue(node.otherwise, item) : success(value);
    }
    case "plus":
    case "minus":
    case "list_append": {
      const left = computeSetValue(node.left, item);
      if (!left.ok) return left;
      const right = computeSetValue(node.right, item);
      return right.ok ? combine(node.kind, left.value, right.value) : right;
    }
  }
}

function combine(kind: "plus" | "minus" | "list_append", left: AttributeValue, right: AttributeValue): Computed {
  if (kind === "list_append") {
    return "L" in left && "L" in right ? success({ L: [...left.L, ...right.L] }) : WRONG_TYPE;
  }
  if (!("N" in left) || !("N" in right)) return WRONG_TYPE;
  return numeric(kind === "plus" ? addNumbers(left.N, right.N) : subtractNumbers(left.N, right.N));
}

/**
 * ADD: a sum, the union of two sets of a kind, or two lists one after the other (which AttributeUpdates allows and
 * expressions refuse). `old` undefined: the operand itself.
 */
export function computeAddition(old: AttributeValue | undefined, operand: AttributeValue): Computed {
  if (old === undefined) return success(operand);
  if ("N" in old && "N" in operand) return numeric(addNumbers(old.N, operand.N));
  if ("SS" in old && "SS" in operand) return success({ SS: union(old.SS, operand.SS) });
  if ("NS" in old && "NS" in operand) return success({ NS: union(old.NS, operand.NS) });
  if ("BS" in old && "BS" in operand) return success({ BS: union(old.BS, operand.BS) });
  if ("L" in old && "L" in operand) return success({ L: [...old.L, ...operand.L] });
  return WRONG_TYPE;
}

/** DELETE: what is left of a set without some elements. The set may come out empty: see isEmptySet. */
export function computeDeletion(old: AttributeValue, operand: AttributeValue): Computed {
  if ("SS" in old && "SS" in operand) return success({ SS: difference(old.SS, operand.SS) });
  if ("NS" in old && "NS" in operand) return success({ NS: difference(old.NS, operand.NS) });
  if ("BS" in old && "BS" in operand) return success({ BS: difference(old.BS, operand.BS) });
  return WRONG_TYPE;
}

/** There are no empty sets in items: what holds one is removed. */
export function isEmptySet(value: AttributeValue): boolean {
  if ("SS" in value) return value.SS.length === 0;
  if ("NS" in value) return value.NS.length === 0;
  return "BS" in value && value.BS.length === 0;
}

function success(value: AttributeValue): Computed {
  return { ok: true, value };
}

function present(value: AttributeValue | undefined): Computed {
  return value === undefined ? MISSING : success(value);
}

function numeric(result: NumberResult): Computed {
  return result.ok ? success({ N: result.value }) : failure(numberMessage(result.problem));
}

function numberMessage(problem: NumberProblem): string {
  switch (problem) {
    case "overflow":
      return "Number overflow. Attempting to store a number with magnitude larger than supported range";
    case "underflow":
      return "Number underflow. Attempting to store a number with magnitude smaller than supported range";
    case "precision":
      return "Attempting to store more than 38 significant digits in a Number";
    case "syntax":
      return "The parameter cannot be converted to a numeric value";
    default:
      return unreachable(problem);
  }
}

function union(a: readonly string[], b: readonly string[]): string[] {
  return [...new Set([...a, ...b])];
}

function difference(a: readonly string[], b: readonly string[]): string[] {
  const removed = new Set(b);
  return a.filter((element) => !removed.has(element));
}

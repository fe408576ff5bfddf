// What can be wrong with a well-formed expression whatever its placeholders stand for: functions that do
// not exist or stand in a wrong place, reserved words, operand counts, sections, sizes. Several faults at
// once are reported by class, in the order of `faults` below, as the service does not stop at the first one.
import { EXPRESSION_IN_COUNT_MAX, NESTING_MAX } from "../limits.ts";
import type { RawCall, RawCondition, RawOperand, RawPath, RawUpdate, SectionKeyword } from "./syntax-tree.ts";
import { isReservedWord } from "./reserved-words.ts";

/** Largest list index of a path: more elements than an item has bytes, and a 31-bit integer. */
const LIST_INDEX_MAX = 2 ** 31 - 1;

/** Operands each function takes. */
const conditionFunctions: ReadonlyMap<string, number> = new Map([
  ["attribute_exists", 1], ["attribute_not_exists", 1], ["attribute_type", 2], ["begins_with", 2],
  ["contains", 2], ["size", 1],
]);
const updateFunctions: ReadonlyMap<string, number> = new Map([["if_not_exists", 2], ["list_append", 2]]);

/** Functions whose first operand has to be a path. */
const pathFunctions: ReadonlySet<string> = new Set([
  "attribute_exists", "attribute_not_exists", "attribute_type", "if_not_exists",
]);

const faults = ["function", "section", "place", "word", "count", "path"] as const;
type Fault = (typeof faults)[number];
type Found = Map<Fault, string>;

/** Null: nothing is wrong. */
export function conditionFault(root: RawCondition): string | null {
  const found: Found = new Map();
  visitCondition(root, found);
  return firstFault(found);
}

export function updateFault(root: RawUpdate): string | null {
  const found: Found = new Map();
  const seen = new Set<SectionKeyword>();
  for (const section of root.sections) {
    if (seen.has(section)) {
      note(found, "section", `The "${section}" section can only be used once in an update expression;`);
    }
    seen.add(section);
  }
  for (const action of root.actions) {
    visitPath(action.path, found);
    if (action.section !== "SET") continue;
    const { value } = action;
    const operands = value.kind === "arithmetic" ? [value.left, value.right] : [value];
    for (const operand of operands) visitUpdateOperand(operand, found);
  }
  return firstFault(found);
}

export function projectionFault(paths: readonly RawPath[]): string | null {
  const found: Found = new Map();
  for (const path of paths) visitPath(path, found);
  return firstFault(found);
}

function firstFault(found: Found): string | null {
  for (const fault of faults) {
    const message = found.get(fault);
    if (message !== undefined) return message;
  }
  return null;
}

function note(found: Found, fault: Fault, message: string): void {
  if (!found.has(fault)) found.set(fault, message);
}

function visitCondition(node: RawCondition, found: Found): void {
  switch (node.kind) {
    case "and":
    case "or":
      visitCondition(node.left, found);
      visitCondition(node.right, found);
      return;
    case "not":
      return visitCondition(node.operand, found);
    case "compare":
      return visitOperands([node.left, node.right], found);
    case "between":
      return visitOperands([node.operand, node.low, node.high], found);
    case "in":
      visitOperands([node.operand, ...node.list], found);
      if (node.list.length > EXPRESSION_IN_COUNT_MAX) {
        const message = "The IN operator is provided with too many operands; number of operands: ";
        note(found, "count", message + String(node.list.length));
      }
      return;
    case "call":
      if (node.name === "size") noteMisplaced(node, found);
      return visitCall(node, found);
  }
}

function visitOperands(operands: readonly RawOperand[], found: Found): void {
  for (const operand of operands) {
    if (operand.kind === "path") visitPath(operand, found);
    if (operand.kind !== "call") continue;
    if (conditionFunctions.has(operand.name) && operand.name !== "size") noteMisplaced(operand, found);
    visitCall(operand, found);
  }
}

function visitCall(call: RawCall, found: Found): void {
  if (updateFunctions.has(call.name)) {
    note(found, "place", `The function is not allowed in a condition expression; function: ${call.name}`);
  }
  visitOperands(call.operands, found);
  checkCall(call, conditionFunctions, found);
}

function visitUpdateOperand(operand: RawOperand, found: Found): void {
  if (operand.kind === "path") visitPath(operand, found);
  if (operand.kind !== "call") return;
  if (conditionFunctions.has(operand.name)) {
    note(found, "place", `The function is not allowed in an update expression; function: ${operand.name}`);
  }
  for (const inner of operand.operands) visitUpdateOperand(inner, found);
  checkCall(operand, updateFunctions, found);
}

function checkCall(call: RawCall, known: ReadonlyMap<string, number>, found: Found): void {
  const count = conditionFunctions.get(call.name) ?? updateFunctions.get(call.name);
  if (count === undefined) return note(found, "function", `Invalid function name; function: ${call.name}`);
  if (!known.has(call.name)) return;
  if (call.operands.length !== count) {
    const message = "Incorrect number of operands for operator or function; operator or function: ";
    note(found, "count", `${message}${call.name}, number of operands: ${call.operands.length}`);
  } else if (pathFunctions.has(call.name) && call.operands[0]?.kind !== "path") {
    note(found, "path", `Operator or function requires a document path; operator or function: ${call.name}`);
  }
}

function noteMisplaced(call: RawCall, found: Found): void {
  note(found, "place", `The function is not allowed to be used this way in an expression; function: ${call.name}`);
}

function visitPath(path: RawPath, found: Found): void {
  for (const part of path.parts) {
    if (typeof part === "number") {
      if (part > LIST_INDEX_MAX) {
        note(found, "path", `List index is not within the allowable range; index: [${part}]`);
      }
    } else if (isReservedWord(part)) {
      note(found, "word", `Attribute name is a reserved keyword; reserved keyword: ${part}`);
    }
  }
  if (path.parts.length > NESTING_MAX) {
    const message = "The document path has too many nesting elements; nesting levels: ";
    note(found, "path", message + String(path.parts.length));
  }
}

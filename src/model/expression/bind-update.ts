// From an update's syntax tree to the tree that is applied: placeholders replaced, types of literal operands
// and overlaps of paths checked.
import { assert, must } from "../../base/assert.ts";
import type { AttributeType, AttributeValue } from "../attribute-value.ts";
import type { PathNode, SetValue, UpdateNode } from "./ast.ts";
import { Binder } from "./binder.ts";
import type { ExpressionContext } from "./context.ts";
import { addPath, newPathTree } from "./path-tree.ts";
import type { RawAction, RawOperand, RawSetValue, RawUpdate, RawValue } from "./syntax-tree.ts";
import { typeOf } from "./value-type.ts";

const numbers: ReadonlySet<AttributeType> = new Set(["N"]);
const lists: ReadonlySet<AttributeType> = new Set(["L"]);
const addable: ReadonlySet<AttributeType> = new Set(["N", "SS", "NS", "BS"]);
const sets: ReadonlySet<AttributeType> = new Set(["SS", "NS", "BS"]);

/** What messages about ADD and DELETE, unlike all others, call the types. */
const longTypeNames: Readonly<Record<AttributeType, string>> = {
  S: "STRING", N: "NUMBER", B: "BINARY", BOOL: "BOOLEAN", NULL: "NULL",
  SS: "STRING_SET", NS: "NUMBER_SET", BS: "BINARY_SET", L: "LIST", M: "MAP",
};

export type BoundUpdate =
  | { readonly ok: true; readonly value: UpdateNode }
  | { readonly ok: false; readonly message: string };

type Builder = {
  readonly set: { readonly path: PathNode; readonly value: SetValue }[];
  readonly remove: PathNode[];
  readonly add: { readonly path: PathNode; readonly value: AttributeValue }[];
  readonly delete: { readonly path: PathNode; readonly value: AttributeValue }[];
};

/** `root` has passed the checks of check-structure.ts. */
export function bindUpdate(root: RawUpdate, context: ExpressionContext): BoundUpdate {
  const binder = new Binder(context);
  const update: Builder = { set: [], remove: [], add: [], delete: [] };
  const paths: PathNode[] = [];
  for (const action of root.actions) {
    const path = binder.path(action.path);
    if (path === null || !bindAction(binder, action, path, update)) {
      return { ok: false, message: must(binder.problem) };
    }
    paths.push(path);
  }
  const overlap = overlapOf(paths);
  return overlap === null ? { ok: true, value: update } : { ok: false, message: overlap };
}

/** The message about two paths of the list that are the same, contain one another or conflict. */
export function overlapOf(paths: readonly PathNode[]): string | null {
  if (paths.length < 2) return null;
  const tree = newPathTree<true>(null);
  for (const path of paths) {
    const added = addPath(tree, path, true);
    if (!added.ok) return added.message;
  }
  return null;
}

function bindAction(binder: Binder, action: RawAction, path: PathNode, update: Builder): boolean {
  switch (action.section) {
    case "REMOVE":
      update.remove.push(path);
      return true;
    case "SET": {
      const value = bindSetValue(binder, action.value);
      if (value !== null) update.set.push({ path, value });
      return value !== null;
    }
    case "ADD": {
      const value = bindElements(binder, "ADD", action.value, addable);
      if (value !== null) update.add.push({ path, value });
      return value !== null;
    }
    case "DELETE": {
      const value = bindElements(binder, "DELETE", action.value, sets);
      if (value !== null) update.delete.push({ path, value });
      return value !== null;
    }
  }
}

function bindElements(
  binder: Binder,
  operator: "ADD" | "DELETE",
  raw: RawValue,
  allowed: ReadonlySet<AttributeType>,
): AttributeValue | null {
  const value = binder.value(raw);
  if (value === null || allowed.has(typeOf(value))) return value;
  return binder.fail(
    `Incorrect operand type for operator or function; operator: ${operator}, ` +
      `operand type: ${longTypeNames[typeOf(value)]}, typeSet: ALLOWED_FOR_${operator}_OPERAND`,
  );
}

function bindSetValue(binder: Binder, raw: RawSetValue): SetValue | null {
  if (raw.kind !== "arithmetic") return bindOperand(binder, raw);
  const left = bindOperand(binder, raw.left);
  const right = left === null ? null : bindOperand(binder, raw.right);
  if (left === null || right === null || !checkTypes(binder, raw.operator, [left, right], numbers)) return null;
  return { kind: raw.operator === "+" ? "plus" : "minus", left, right };
}

function bindOperand(binder: Binder, raw: RawOperand): SetValue | null {
  switch (raw.kind) {
    case "path": {
      const path = binder.path(raw);
      return path === null ? null : { kind: "operand", operand: { kind: "path", path } };
    }
    case "value": {
      const value = binder.value(raw);
      return value === null ? null : { kind: "operand", operand: { kind: "value", value } };
    }
    case "call": {
      const left = bindOperand(binder, must(raw.operands[0]));
      const right = left === null ? null : bindOperand(binder, must(raw.operands[1]));
      if (left === null || right === null) return null;
      if (raw.name === "list_append") {
        return checkTypes(binder, raw.name, [left, right], lists) ? { kind: "list_append", left, right } : null;
      }
      assert(raw.name === "if_not_exists", "check-structure lets no other function through");
      assert(left.kind === "operand" && left.operand.kind === "path", "check-structure requires a path here");
      return { kind: "if_not_exists", path: left.operand.path, otherwise: right };
    }
  }
}

function checkTypes(
  binder: Binder,
  name: string,
  values: readonly SetValue[],
  allowed: ReadonlySet<AttributeType>,
): boolean {
  for (const value of values) {
    const type = staticType(value);
    if (type === null || allowed.has(type)) continue;
    binder.failOnType(name, type);
    return false;
  }
  return true;
}

/** Null: known only with an item in hand. */
function staticType(value: SetValue): AttributeType | null {
  switch (value.kind) {
    case "operand":
      return value.operand.kind === "value" ? typeOf(value.operand.value) : null;
    case "plus":
    case "minus":
      return "N";
    case "list_append":
      return "L";
    case "if_not_exists":
      return staticType(value.otherwise);
  }
}

// The clauses of UPDATE: SET path = value and REMOVE path, as often as they come.
import type { AttributeValue } from "../attribute-value.ts";
import type { PathNode, SetValue, UpdateNode } from "../expression/ast.ts";
import { addPath, formatPath, newPathTree } from "../expression/path-tree.ts";
import { EXPECTED_CHANGE, EXPECTED_NAME, type StatementReader } from "./reader.ts";

type Clauses = {
  readonly set: { readonly path: PathNode; readonly value: SetValue }[];
  readonly remove: PathNode[];
  readonly add: { readonly path: PathNode; readonly value: AttributeValue }[];
  readonly delete: { readonly path: PathNode; readonly value: AttributeValue }[];
};

/** Calls and parentheses around a value: bounds the recursion here and in the evaluation. */
const DEPTH_MAX = 32;
const NOTHING: SetValue = { kind: "operand", operand: { kind: "value", value: { NULL: true } } };

export function parseClauses(reader: StatementReader): UpdateNode {
  const clauses: Clauses = { set: [], remove: [], add: [], delete: [] };
  const paths = newPathTree<true>(null);
  const note = (path: PathNode): void => {
    if (reader.problem !== null) return;
    const added = addPath(paths, path, true);
    if (!added.ok) reader.refuse(added.message);
  };
  let isAny = false;
  for (;;) {
    if (reader.take("SET")) do note(assign(reader, clauses)); while (reader.take(","));
    else if (reader.take("REMOVE")) {
      do {
        const path = reader.path(EXPECTED_NAME);
        note(path);
        clauses.remove.push(path);
      } while (reader.take(","));
    } else break;
    isAny = true;
  }
  if (!isAny) reader.fail(EXPECTED_CHANGE);
  return clauses;
}

function assign(reader: StatementReader, clauses: Clauses): PathNode {
  const path = reader.path(EXPECTED_NAME);
  reader.expect("=", "Expected '='");
  const { kind, keyword } = reader.token;
  const isSetCall = kind === "word" && (keyword === "SET_ADD" || keyword === "SET_DELETE")
    && reader.peek(1).keyword === "(";
  if (!isSetCall) {
    clauses.set.push({ path, value: sum(reader, 0) });
    return path;
  }
  reader.take(keyword);
  reader.expect("(");
  const source = reader.path();
  reader.expect(",", "Expected RIGHT_PAREN");
  const value = reader.value();
  reader.expect(")");
  if (reader.problem !== null) return path;
  const name = keyword.toLowerCase();
  if (formatPath(source) !== formatPath(path)) {
    reader.refuse(`The first operand of ${name} must be the path that is set: ${formatPath(path)}`);
  } else if (!("SS" in value || "NS" in value || "BS" in value)) {
    reader.refuse("Incorrect operand type for operator or function; operator or function: "
      + `${name}, operand type: ${Object.keys(value)[0]}`);
  } else (keyword === "SET_ADD" ? clauses.add : clauses.delete).push({ path, value });
  return path;
}

function sum(reader: StatementReader, depth: number): SetValue {
  let left = term(reader, depth);
  // Each operator is a level of the tree, which recursion walks.
  for (let count = depth; ; count++) {
    const kind = reader.is("+") ? "plus" : reader.is("-") ? "minus" : null;
    if (kind === null) return left;
    if (count >= DEPTH_MAX) reader.refuse("The SET clause contains too many operators");
    reader.take(kind === "plus" ? "+" : "-");
    reader.expectRightSide();
    left = { kind, left, right: term(reader, depth + 1) };
  }
}

function term(reader: StatementReader, depth: number): SetValue {
  if (depth > DEPTH_MAX) {
    reader.refuse("The SET clause has too many levels of nesting");
    return NOTHING;
  }
  if (reader.take("(")) {
    const inner = sum(reader, depth + 1);
    reader.expect(")");
    return inner;
  }
  if (reader.isValue()) return { kind: "operand", operand: { kind: "value", value: reader.value() } };
  const { kind, text, keyword } = reader.token;
  if (kind !== "word" || reader.peek(1).keyword !== "(") {
    return { kind: "operand", operand: { kind: "path", path: reader.path() } };
  }
  if (keyword !== "LIST_APPEND" && keyword !== "IF_NOT_EXISTS") {
    reader.fail(`Invalid function name; function: ${text.slice(0, 100)}`);
    return NOTHING;
  }
  reader.take(keyword);
  reader.expect("(");
  if (keyword === "IF_NOT_EXISTS") {
    const path = reader.path();
    reader.expect(",", "Expected RIGHT_PAREN");
    const otherwise = sum(reader, depth + 1);
    reader.expect(")");
    return { kind: "if_not_exists", path, otherwise };
  }
  const left = sum(reader, depth + 1);
  reader.expect(",", "Expected RIGHT_PAREN");
  const right = sum(reader, depth + 1);
  reader.expect(")");
  return { kind: "list_append", left, right };
}

// From the text of a statement and its parameters to the statement. Any text is either a statement or refused.
import type { ConditionNode, PathNode } from "../expression/ast.ts";
import { addPath, newPathTree } from "../expression/path-tree.ts";
import { newAttributeMap } from "../attribute-map.ts";
import type { OrderTerm, Parameters, Returning, Statement, StatementResult } from "./ast.ts";
import { parseWhere } from "./parse-condition.ts";
import { parseClauses } from "./parse-update.ts";
import { EXPECTED_CHANGE, EXPECTED_NAME, StatementReader } from "./reader.ts";

/** Characters of a statement: the service's documented limit. */
export const STATEMENT_LENGTH_MAX = 8192;
const AFTER_STATEMENT = "Unexpected token after expression";
const AFTER_SEMICOLON = "Unexpected token after semicolon. (Only one query is allowed.)";
const STAR_WITH_OTHERS = "Other expressions may not be present in the select list when '*' is used "
  + "without dot notation.";
const SEVERAL_ITEMS = "Unsupported operation: Inserting multiple items in a single statement is not supported, "
  + 'use "INSERT INTO tableName VALUE item" instead';
/** Words behind a table that bring another one. */
const JOINS: ReadonlySet<string> = new Set([",", "JOIN", "INNER", "LEFT", "RIGHT", "FULL", "OUTER", "CROSS"]);
const PARAMETERS_MISMATCH = "Number of parameters in request and statement don't match.";

export function parseStatement(text: string, parameters: Parameters): StatementResult {
  const reader = new StatementReader(text, parameters);
  const statement = statementOf(reader);
  // One may end the statement; nothing may follow it.
  const isClosed = reader.take(";");
  if (reader.problem === null && reader.token.kind !== "end") {
    reader.fail(isClosed ? AFTER_SEMICOLON : AFTER_STATEMENT);
  }
  const isMatched = reader.parameterCount === parameters.length;
  if (reader.problem !== null && (isMatched || reader.isMalformed)) return { ok: false, message: reader.problem };
  return isMatched ? { ok: true, statement } : { ok: false, message: PARAMETERS_MISMATCH };
}

function statementOf(reader: StatementReader): Statement {
  if (reader.take("SELECT")) return selectOf(reader);
  if (reader.take("INSERT")) return insertOf(reader);
  if (reader.take("UPDATE")) return updateOf(reader);
  if (reader.take("DELETE")) return deleteOf(reader);
  reader.fail(EXPECTED_CHANGE);
  return { kind: "insert", table: "", item: newAttributeMap() };
}

function selectOf(reader: StatementReader): Statement {
  const projection = reader.take("*") ? null : projectionOf(reader);
  if (reader.is(",")) reader.fail(STAR_WITH_OTHERS);
  reader.expect("FROM", "Expected FROM after SELECT list");
  const table = reader.name();
  const index = reader.take(".") ? reader.name("Invalid path dot component") : null;
  refuseJoin(reader);
  const where = whereOf(reader);
  const order: OrderTerm[] = [];
  if (reader.take("ORDER")) {
    reader.expect("BY");
    do {
      const path = reader.path();
      const isForward = !reader.take("DESC");
      if (isForward) reader.take("ASC");
      order.push({ path, isForward });
    } while (reader.take(","));
  }
  if (reader.is("LIMIT")) reader.refuse(`Unsupported clause: LIMIT at ${placeOf(reader, 1)}`);
  return { kind: "select", projection, table, index, where, order };
}

function projectionOf(reader: StatementReader): readonly PathNode[] {
  const tree = newPathTree<true>(null);
  const paths: PathNode[] = [];
  do {
    if (reader.is("*")) reader.fail(STAR_WITH_OTHERS);
    refuseExpression(reader);
    const path = reader.path();
    if (reader.problem !== null) break;
    const added = addPath(tree, path, true);
    if (!added.ok) reader.refuse(added.message);
    paths.push(path);
  } while (reader.take(","));
  return paths;
}

/** Line, column and length of the token that is `ahead` of the next one. */
function placeOf(reader: StatementReader, ahead: number): string {
  const { text, at } = reader.peek(ahead);
  const { line, column } = reader.positionOf(at);
  return `${line}:${column}:${text.length}`;
}

/** What is selected are paths: no aggregates, no other functions, no numbers. */
function refuseExpression(reader: StatementReader): void {
  const { kind } = reader.token;
  const isCall = kind === "word" && reader.peek(1).keyword === "(";
  if (isCall || kind === "number") reader.refuse(`Unexpected path component at ${placeOf(reader, 0)}`);
}

/** Another table, behind the first one or behind another name that it is given. */
function refuseJoin(reader: StatementReader): void {
  const ahead = reader.is("AS") ? 2 : reader.isName() && !JOINS.has(reader.token.keyword) ? 1 : 0;
  if (JOINS.has(reader.peek(ahead).keyword)) {
    reader.refuse("Only Select from a Single Table or index supported");
  }
}

function whereOf(reader: StatementReader): ConditionNode | null {
  return reader.take("WHERE") ? parseWhere(reader) : null;
}

function insertOf(reader: StatementReader): Statement {
  reader.expect("INTO", "Unexpected keyword");
  const table = writtenTable(reader);
  if (!reader.take("VALUE")) refuseValues(reader);
  return { kind: "insert", table, item: reader.item() };
}

/** What PartiQL has in place of one VALUE. */
function refuseValues(reader: StatementReader): void {
  const next = reader.token.keyword;
  if (next === "VALUES" && reader.peek(1).keyword !== "(") {
    reader.fail("Expected LEFT_PAREN for row value constructor");
  } else if (next === "VALUES" || next === "<<" || next === "[" || next === "{") reader.refuse(SEVERAL_ITEMS);
  else if (next === "(" || reader.isName()) reader.fail(AFTER_STATEMENT);
  else reader.failTerm();
}

/** The table of a write, which cannot be told to go to an index. */
function writtenTable(reader: StatementReader): string {
  const table = reader.name(EXPECTED_NAME);
  if (reader.is(".")) reader.refuse("This operation is not supported on an index");
  return table;
}

function updateOf(reader: StatementReader): Statement {
  const table = writtenTable(reader);
  const update = parseClauses(reader);
  const where = whereOf(reader);
  return { kind: "update", table, update, where, returning: returningOf(reader) };
}

function deleteOf(reader: StatementReader): Statement {
  reader.expect("FROM", "Expected FROM after DELETE");
  const table = writtenTable(reader);
  const where = whereOf(reader);
  const returning = returningOf(reader);
  if (returning === "NONE" || returning === "ALL_OLD") return { kind: "delete", table, where, returning };
  reader.refuse(`Invalid returning clause: RETURNING ${RETURNING_TEXT[returning]} *. `
    + "Only RETURNING ALL OLD * is allowed in DELETE statements.");
  return { kind: "delete", table, where, returning: "NONE" };
}

const RETURNING_TEXT: Readonly<Record<Exclude<Returning, "NONE" | "ALL_OLD">, string>> = {
  ALL_NEW: "ALL NEW", UPDATED_OLD: "MODIFIED OLD", UPDATED_NEW: "MODIFIED NEW",
};

const EXPECTED_RETURNING = "Expected ( MODIFIED | ALL ) ( NEW | OLD ) in each returning element.";

/** RETURNING ALL | MODIFIED, OLD | NEW, *. These words are names anywhere else. */
function returningOf(reader: StatementReader): Returning {
  if (!reader.take("RETURNING")) return "NONE";
  const isAll = reader.take("ALL");
  if (!isAll) reader.expect("MODIFIED", EXPECTED_RETURNING);
  const isOld = reader.take("OLD");
  if (!isOld) reader.expect("NEW", EXPECTED_RETURNING);
  if (!reader.take("*")) reader.failTerm();
  if (isAll) return isOld ? "ALL_OLD" : "ALL_NEW";
  return isOld ? "UPDATED_OLD" : "UPDATED_NEW";
}

// From the text of a statement and its parameters to the statement. Any text is either a statement or refused.
import type { ConditionNode, PathNode } from "../expression/ast.ts";
import { addPath, newPathTree } from "../expression/path-tree.ts";
import { newAttributeMap } from "../attribute-map.ts";
import type { OrderTerm, Parameters, Returning, Statement, StatementResult } from "./ast.ts";
import { parseWhere } from "./parse-condition.ts";
import { parseClauses } from "./parse-update.ts";
import { StatementReader } from "./reader.ts";

/** Characters of a statement: the service's documented limit. */
export const STATEMENT_LENGTH_MAX = 8192;
const PARAMETERS_MISMATCH = "Number of parameters in request and statement don't match.";

export function parseStatement(text: string, parameters: Parameters): StatementResult {
  const reader = new StatementReader(text, parameters);
  const statement = statementOf(reader);
  // One may end the statement; nothing may follow it.
  reader.take(";");
  if (reader.problem === null && reader.token.kind !== "end") {
    reader.failHere("the end of the statement");
  }
  if (reader.problem !== null && reader.parameterCount === parameters.length) {
    return { ok: false, message: reader.problem };
  }
  if (reader.parameterCount !== parameters.length) return { ok: false, message: PARAMETERS_MISMATCH };
  return { ok: true, statement };
}

function statementOf(reader: StatementReader): Statement {
  if (reader.take("SELECT")) return selectOf(reader);
  if (reader.take("INSERT")) return insertOf(reader);
  if (reader.take("UPDATE")) return updateOf(reader);
  if (reader.take("DELETE")) return deleteOf(reader);
  reader.fail("Expected data manipulation");
  return { kind: "insert", table: "", item: newAttributeMap() };
}

function selectOf(reader: StatementReader): Statement {
  const projection = reader.take("*") ? null : projectionOf(reader);
  reader.expect("FROM");
  const table = reader.name("a table name");
  const index = reader.take(".") ? reader.name("an index name") : null;
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
  return { kind: "select", projection, table, index, where, order };
}

function projectionOf(reader: StatementReader): readonly PathNode[] {
  const tree = newPathTree<true>(null);
  const paths: PathNode[] = [];
  do {
    refuseCount(reader);
    const path = reader.path();
    if (reader.problem !== null) break;
    const added = addPath(tree, path, true);
    if (!added.ok) reader.refuse(added.message);
    paths.push(path);
  } while (reader.take(","));
  return paths;
}

/** There are no aggregates. This one has words of its own, with line, column and length of the word. */
function refuseCount(reader: StatementReader): void {
  const { kind, keyword, at } = reader.token;
  if (kind !== "word" || keyword !== "COUNT" || reader.peek(1).keyword !== "(") return;
  const { line, column } = reader.positionOf(at);
  reader.refuse(`Unexpected path component at ${line}:${column}:${keyword.length}`);
}

function whereOf(reader: StatementReader): ConditionNode | null {
  return reader.take("WHERE") ? parseWhere(reader) : null;
}

function insertOf(reader: StatementReader): Statement {
  reader.expect("INTO");
  const table = reader.name("a table name");
  reader.expect("VALUE");
  return { kind: "insert", table, item: reader.item() };
}

/** The table of a write, which cannot be told to go to an index. */
function writtenTable(reader: StatementReader): string {
  const table = reader.name("a table name");
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
  reader.expect("FROM");
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

/** RETURNING ALL | MODIFIED, OLD | NEW, *. These words are names anywhere else. */
function returningOf(reader: StatementReader): Returning {
  if (!reader.take("RETURNING")) return "NONE";
  const isAll = reader.take("ALL");
  if (!isAll) reader.expect("MODIFIED");
  const isOld = reader.take("OLD");
  if (!isOld) reader.expect("NEW");
  reader.expect("*");
  if (isAll) return isOld ? "ALL_OLD" : "ALL_NEW";
  return isOld ? "UPDATED_OLD" : "UPDATED_NEW";
}

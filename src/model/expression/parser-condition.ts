// Grammar of conditions (ConditionExpression, FilterExpression, KeyConditionExpression):
//
//   or      = and ( OR and )*
//   and     = not ( AND not )*
//   not     = NOT not | test
//   test    = term ( comparator term | BETWEEN term AND term | IN "(" term ( "," term )* ")" )?
//   term    = "(" or ")" | operand
//
// Parentheses may hold a condition or an operand, and a call may be either (`size(a)`, `contains(a, :v)`),
// so the rules yield "something" and each place that needs one of the two checks which it got.
import type { ParseResult, RawCondition, RawOperand } from "./syntax-tree.ts";
import type { Comparator } from "./ast.ts";
import { TokenReader } from "./token-reader.ts";
import type { Token } from "./lexer.ts";

const keywords: ReadonlySet<string> = new Set(["AND", "OR", "NOT", "BETWEEN", "IN"]);
const comparators: ReadonlySet<string> = new Set(["=", "<>", "<", "<=", ">", ">="]);

type Something = RawCondition | RawOperand;

export function parseConditionTokens(text: string, tokens: readonly Token[]): ParseResult<RawCondition> {
  const reader = new TokenReader(text, tokens, keywords);
  const parsed = parseOr(reader);
  const root = parsed === null ? null : asCondition(reader, parsed);
  if (root !== null && reader.token.kind !== "end") reader.fail();
  if (root === null || reader.problem !== null) return { ok: false, message: reader.problem as string };
  return { ok: true, tree: { root, hasRedundantParentheses: reader.hasRedundantParentheses } };
}

function parseOr(reader: TokenReader): Something | null {
  let left = parseAnd(reader);
  while (left !== null && reader.isKeyword("OR")) {
    const first = asCondition(reader, left);
    reader.advance();
    const right = first === null ? null : parseAnd(reader);
    const second = right === null ? null : asCondition(reader, right);
    left = first === null || second === null ? null : { kind: "or", left: first, right: second };
  }
  return left;
}

function parseAnd(reader: TokenReader): Something | null {
  let left = parseNot(reader);
  while (left !== null && reader.isKeyword("AND")) {
    const first = asCondition(reader, left);
    reader.advance();
    const right = first === null ? null : parseNot(reader);
    const second = right === null ? null : asCondition(reader, right);
    left = first === null || second === null ? null : { kind: "and", left: first, right: second };
  }
  return left;
}

function parseNot(reader: TokenReader): Something | null {
  if (!reader.takeKeyword("NOT")) return parseTest(reader);
  if (!reader.enter()) return null;
  const inner = parseNot(reader);
  const operand = inner === null ? null : asCondition(reader, inner);
  reader.leave();
  return operand === null ? null : { kind: "not", operand };
}

function parseTest(reader: TokenReader): Something | null {
  const first = parseTerm(reader);
  if (first === null) return null;
  const token = reader.token;
  const isComparison = token.kind === "symbol" && comparators.has(token.text);
  if (!isComparison && !reader.isKeyword("BETWEEN") && !reader.isKeyword("IN")) return first;
  const operand = asOperand(reader, first);
  if (operand === null) return null;
  reader.advance();
  if (isComparison) {
    const right = parseOperandTerm(reader);
    return right === null
      ? null
      : { kind: "compare", comparator: token.text as Comparator, left: operand, right };
  }
  return token.keyword === "IN" ? parseInList(reader, operand) : parseBounds(reader, operand);
}

function parseBounds(reader: TokenReader, operand: RawOperand): Something | null {
  const low = parseOperandTerm(reader);
  if (low === null) return null;
  if (!reader.takeKeyword("AND")) return reader.fail();
  const high = parseOperandTerm(reader);
  return high === null ? null : { kind: "between", operand, low, high };
}

function parseInList(reader: TokenReader, operand: RawOperand): Something | null {
  if (!reader.expectSymbol("(")) return null;
  const list: RawOperand[] = [];
  do {
    const element = parseOperandTerm(reader);
    if (element === null) return null;
    list.push(element);
  } while (reader.takeSymbol(","));
  return reader.expectSymbol(")") ? { kind: "in", operand, list } : null;
}

function parseTerm(reader: TokenReader): Something | null {
  if (!reader.isSymbol("(")) return reader.operand();
  reader.advance();
  if (!reader.enter()) return null;
  const inner = parseOr(reader);
  if (inner === null || !reader.expectSymbol(")")) return null;
  reader.leave();
  reader.closeGroup(inner);
  return inner;
}

function parseOperandTerm(reader: TokenReader): RawOperand | null {
  const term = parseTerm(reader);
  return term === null ? null : asOperand(reader, term);
}

/** A path or a value alone is no condition: something is missing where the reader stands. */
function asCondition(reader: TokenReader, something: Something): RawCondition | null {
  return something.kind === "path" || something.kind === "value" ? reader.fail() : something;
}

function asOperand(reader: TokenReader, something: Something): RawOperand | null {
  const { kind } = something;
  return kind === "path" || kind === "value" || kind === "call" ? something : reader.fail();
}

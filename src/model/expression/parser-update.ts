// Grammar of UpdateExpression:
//
//   update  = section+
//   section = SET path "=" sum ( "," … )* | REMOVE path ( "," … )* | (ADD | DELETE) path value ( "," … )*
//   sum     = group | term ( ("+" | "-") term )?
//   group   = "(" sum ")"
//   term    = path | value | call
//
// One operator at most: `a + :b + :c` is a syntax error at the second one.
import type { ParseResult, RawAction, RawSetValue, RawUpdate, SectionKeyword } from "./syntax-tree.ts";
import { TokenReader } from "./token-reader.ts";
import type { Token } from "./lexer.ts";

const sectionKeywords: readonly SectionKeyword[] = ["SET", "REMOVE", "ADD", "DELETE"];
const keywords: ReadonlySet<string> = new Set(sectionKeywords);

export function parseUpdateTokens(text: string, tokens: readonly Token[]): ParseResult<RawUpdate> {
  const reader = new TokenReader(text, tokens, keywords);
  const sections: SectionKeyword[] = [];
  const actions: RawAction[] = [];
  do {
    const section = sectionKeywords.find((keyword) => reader.isKeyword(keyword));
    if (section === undefined) {
      reader.fail();
      break;
    }
    reader.advance();
    sections.push(section);
    if (!parseSection(reader, section, actions)) break;
  } while (reader.token.kind !== "end");
  if (reader.problem !== null) return { ok: false, message: reader.problem };
  const { hasRedundantParentheses } = reader;
  return { ok: true, tree: { root: { sections, actions }, hasRedundantParentheses } };
}

function parseSection(reader: TokenReader, section: SectionKeyword, actions: RawAction[]): boolean {
  do {
    const action = parseAction(reader, section);
    if (action === null) return false;
    actions.push(action);
  } while (reader.takeSymbol(","));
  return true;
}

function parseAction(reader: TokenReader, section: SectionKeyword): RawAction | null {
  const path = reader.path();
  if (path === null) return null;
  switch (section) {
    case "REMOVE":
      return { section, path };
    case "SET": {
      if (!reader.expectSymbol("=")) return null;
      const value = parseSum(reader);
      return value === null ? null : { section, path, value };
    }
    case "ADD":
    case "DELETE": {
      const value = reader.value();
      return value === null ? null : { section, path, value };
    }
  }
}

function parseSum(reader: TokenReader): RawSetValue | null {
  if (reader.isSymbol("(")) return parseGroup(reader);
  const left = reader.operand();
  if (left === null) return null;
  const operator = reader.isSymbol("+") ? "+" : reader.isSymbol("-") ? "-" : null;
  if (operator === null) return left;
  reader.advance();
  const right = reader.operand();
  return right === null ? null : { kind: "arithmetic", operator, left, right };
}

function parseGroup(reader: TokenReader): RawSetValue | null {
  reader.advance();
  if (!reader.enter()) return null;
  const inner = parseSum(reader);
  if (inner === null || !reader.expectSymbol(")")) return null;
  reader.leave();
  reader.closeGroup(inner);
  return inner;
}

// Grammar of ProjectionExpression: path ( "," path )*. It has no keywords.
import type { ParseResult, RawPath } from "./syntax-tree.ts";
import { TokenReader } from "./token-reader.ts";
import type { Token } from "./lexer.ts";

const keywords: ReadonlySet<string> = new Set();

export function parseProjectionTokens(text: string, tokens: readonly Token[]): ParseResult<readonly RawPath[]> {
  const reader = new TokenReader(text, tokens, keywords);
  const paths: RawPath[] = [];
  do {
    const path = reader.path();
    if (path === null) return { ok: false, message: reader.problem as string };
    paths.push(path);
  } while (reader.takeSymbol(","));
  if (reader.token.kind !== "end") reader.fail();
  if (reader.problem !== null) return { ok: false, message: reader.problem };
  return { ok: true, tree: { root: paths, hasRedundantParentheses: false } };
}

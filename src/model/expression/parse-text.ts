// From an expression's text to its checked syntax tree. Trees depend on the text alone and clients send
// the same few texts again and again, so the latest ones are kept.
import { EXPRESSION_BYTES_MAX, EXPRESSION_OPERATOR_COUNT_MAX } from "../limits.ts";
import { conditionFault, projectionFault, updateFault } from "./check-structure.ts";
import type { ParseResult, RawCondition, RawPath, RawTree, RawUpdate } from "./syntax-tree.ts";
import { tokenize } from "./lexer.ts";
import type { Token } from "./lexer.ts";
import { parseConditionTokens } from "./parser-condition.ts";
import { parseProjectionTokens } from "./parser-projection.ts";
import { parseUpdateTokens } from "./parser-update.ts";
import { REDUNDANT_PARENTHESES } from "./token-reader.ts";
import { TreeCache } from "./tree-cache.ts";
import { utf8Length } from "../../base/utf8.ts";

const conditionTrees: TreeCache<RawCondition> = new TreeCache();
const updateTrees: TreeCache<RawUpdate> = new TreeCache();
const projectionTrees: TreeCache<readonly RawPath[]> = new TreeCache();

/** Words that count as operators besides the symbols and the functions. */
const operatorKeywords: ReadonlySet<string> = new Set(["AND", "OR", "NOT", "BETWEEN", "IN"]);
const operatorSymbols: ReadonlySet<string> = new Set(["=", "<>", "<", "<=", ">", ">=", "+", "-"]);

export type RawResult<T> = { readonly ok: true; readonly root: T } | { readonly ok: false; readonly message: string };

/** `message`s come without the "Invalid …Expression: " in front. */
export function conditionTree(text: string): RawResult<RawCondition> {
  return treeOf(text, conditionTrees, parseConditionTokens, conditionFault, conditionOperatorCount);
}

export function updateTree(text: string): RawResult<RawUpdate> {
  return treeOf(text, updateTrees, parseUpdateTokens, updateFault, updateOperatorCount);
}

export function projectionTree(text: string): RawResult<readonly RawPath[]> {
  return treeOf(text, projectionTrees, parseProjectionTokens, projectionFault, () => 0);
}

function treeOf<T>(
  text: string,
  cache: TreeCache<T>,
  parse: (text: string, tokens: readonly Token[]) => ParseResult<T>,
  faultOf: (root: T) => string | null,
  operatorCount: (tokens: readonly Token[]) => number,
): RawResult<T> {
  const kept = cache.get(text);
  if (kept !== null) return { ok: true, root: kept };
  if (text.trim() === "") return { ok: false, message: "The expression can not be empty;" };
  const bytes = utf8Length(text);
  if (bytes > EXPRESSION_BYTES_MAX) {
    const message = "Expression size has exceeded the maximum allowed size; expression size: ";
    return { ok: false, message: message + String(bytes) };
  }
  const tokens = tokenize(text);
  if (operatorCount(tokens) > EXPRESSION_OPERATOR_COUNT_MAX) {
    // The service stops counting at the first one too many, and says so.
    const count = String(EXPRESSION_OPERATOR_COUNT_MAX + 1);
    return { ok: false, message: `The expression contains too many operators; operator count: ${count}` };
  }
  const parsed = parse(text, tokens);
  if (!parsed.ok) return parsed;
  const message = redundancyOf(parsed.tree) ?? faultOf(parsed.tree.root);
  if (message !== null) return { ok: false, message };
  cache.add(text, parsed.tree.root);
  return { ok: true, root: parsed.tree.root };
}

function redundancyOf(tree: RawTree<unknown>): string | null {
  return tree.hasRedundantParentheses ? REDUNDANT_PARENTHESES : null;
}

function conditionOperatorCount(tokens: readonly Token[]): number {
  let count = 0;
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i] as Token;
    if (token.kind === "symbol" ? operatorSymbols.has(token.text) : isWordOperator(token, tokens[i + 1])) count++;
  }
  return count;
}

/** Assignments are no operators: the "=" of SET does not count. */
function updateOperatorCount(tokens: readonly Token[]): number {
  let count = 0;
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i] as Token;
    const isOperator = token.kind === "symbol"
      ? token.text === "+" || token.text === "-"
      : isWordOperator(token, tokens[i + 1]);
    if (isOperator) count++;
  }
  return count;
}

function isWordOperator(token: Token, next: Token | undefined): boolean {
  if (token.kind !== "word") return false;
  return operatorKeywords.has(token.keyword) || (next?.kind === "symbol" && next.text === "(");
}

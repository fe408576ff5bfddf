// The position of a parser in its tokens, what all grammars share (paths, operands, calls), and the first
// syntax error. A parse function that returns null has left the error in `problem`, and its caller returns
// null in turn.
import type { RawCall, RawOperand, RawPath, RawValue } from "./syntax-tree.ts";
import type { Token } from "./lexer.ts";

/**
 * Parentheses and NOTs open at once. More than the operators an expression may have, so that only redundant
 * ones reach it; bounds the recursion of the parsers and of everything that walks their trees.
 */
export const NESTING_DEPTH_MAX = 320;

export const REDUNDANT_PARENTHESES = "The expression has redundant parentheses;";

export class TokenReader {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  readonly #keywords: ReadonlySet<string>;
  #at: number;
  #depth: number;
  #problem: string | null;
  #lastGroup: object | null;
  #hasRedundantParentheses: boolean;

  /** `keywords` are those of the grammar: they are no attribute names in it. */
  constructor(text: string, tokens: readonly Token[], keywords: ReadonlySet<string>) {
    this.#text = text;
    this.#tokens = tokens;
    this.#keywords = keywords;
    this.#at = 0;
    this.#depth = 0;
    this.#problem = null;
    this.#lastGroup = null;
    this.#hasRedundantParentheses = false;
  }

  get problem(): string | null {
    return this.#problem;
  }

  get hasRedundantParentheses(): boolean {
    return this.#hasRedundantParentheses;
  }

  get token(): Token {
    return this.#tokens[this.#at] as Token;
  }

  /** The token after the current one; "end" is its own successor. */
  get following(): Token {
    return this.#tokens[Math.min(this.#at + 1, this.#tokens.length - 1)] as Token;
  }

  advance(): Token {
    const token = this.token;
    if (token.kind !== "end") this.#at++;
    return token;
  }

  isSymbol(symbol: string): boolean {
    const token = this.token;
    return token.kind === "symbol" && token.text === symbol;
  }

  isKeyword(keyword: string): boolean {
    return this.token.keyword === keyword && this.#keywords.has(keyword);
  }

  /** Steps over `symbol` if it is next. */
  takeSymbol(symbol: string): boolean {
    if (!this.isSymbol(symbol)) return false;
    this.#at++;
    return true;
  }

  takeKeyword(keyword: string): boolean {
    if (!this.isKeyword(keyword)) return false;
    this.#at++;
    return true;
  }

  /** Like takeSymbol, but its absence is the syntax error. */
  expectSymbol(symbol: string): boolean {
    if (this.takeSymbol(symbol)) return true;
    this.fail();
    return false;
  }

  /** Records a syntax error at the current token: the window is the token with one neighbour on each side. */
  fail(): null {
    const token = this.token;
    const before = this.#tokens[this.#at - 1] ?? token;
    const after = token.kind === "end" ? before : this.following;
    const to = after.kind === "end" ? token.to : after.to;
    this.#problem ??= `Syntax error; token: "${token.text}", near: "${this.#text.slice(before.from, to)}"`;
    return null;
  }

  /** Opens a nesting level; false (with the error recorded) when there are too many. */
  enter(): boolean {
    this.#depth++;
    if (this.#depth <= NESTING_DEPTH_MAX) return true;
    this.#problem ??= REDUNDANT_PARENTHESES;
    return false;
  }

  leave(): void {
    this.#depth--;
  }

  /** Notes that `node` fills a pair of parentheses. The same node twice running: one pair is redundant. */
  closeGroup(node: object): void {
    if (node === this.#lastGroup) this.#hasRedundantParentheses = true;
    this.#lastGroup = node;
  }

  /** path | value | call */
  operand(): RawOperand | null {
    const token = this.token;
    if (token.kind === "value") return this.value();
    if (token.kind === "word" && this.#isSymbolToken(this.following, "(")) return this.#call();
    return this.path();
  }

  /** `:x` */
  value(): RawValue | null {
    return this.token.kind === "value" ? { kind: "value", placeholder: this.advance().text } : this.fail();
  }

  /** name ( "." name | "[" index "]" )* */
  path(): RawPath | null {
    const first = this.#name();
    if (first === null) return null;
    const parts: [string, ...(string | number)[]] = [first];
    for (;;) {
      if (this.takeSymbol(".")) {
        const name = this.#name();
        if (name === null) return null;
        parts.push(name);
      } else if (this.takeSymbol("[")) {
        if (this.token.kind !== "index") return this.fail();
        parts.push(Number(this.advance().text));
        if (!this.expectSymbol("]")) return null;
      } else {
        return { kind: "path", parts };
      }
    }
  }

  #name(): string | null {
    const token = this.token;
    const isName = token.kind === "name" || (token.kind === "word" && !this.#keywords.has(token.keyword));
    return isName ? this.advance().text : this.fail();
  }

  /** word "(" operand ( "," operand )* ")" */
  #call(): RawCall | null {
    if (this.#keywords.has(this.token.keyword)) return this.fail();
    const name = this.advance().text;
    this.advance(); // the parenthesis, which `operand` has seen
    if (!this.enter()) return null;
    const operands: RawOperand[] = [];
    do {
      const operand = this.operand();
      if (operand === null) return null;
      operands.push(operand);
    } while (this.takeSymbol(","));
    this.leave();
    return this.expectSymbol(")") ? { kind: "call", name, operands } : null;
  }

  #isSymbolToken(token: Token, symbol: string): boolean {
    return token.kind === "symbol" && token.text === symbol;
  }
}

// Reads the tokens of a statement: names, paths, values. The first fault is kept; from then on the reader stands at
// the end of the text, so that every rule of the grammar comes to its own end, and what it gives is not looked at.
import { must } from "../../base/assert.ts";
import { newAttributeMap, setAttribute, hasAttribute } from "../attribute-map.ts";
import type { AttributeMap, AttributeValue } from "../attribute-value.ts";
import type { PathNode } from "../expression/ast.ts";
import { NESTING_MAX } from "../limits.ts";
import { canonicalNumber } from "../number38.ts";
import { parseAttributeMap, parseAttributeValue } from "../parse-value.ts";
import { numberMessage } from "../value-problem.ts";
import type { Parameters } from "./ast.ts";
import { type Token, tokenizeStatement } from "./lexer.ts";

/** Words that cannot be names unless they are quoted: those of the grammar. */
const KEYWORDS: ReadonlySet<string> = new Set([
  "SELECT", "FROM", "WHERE", "ORDER", "BY", "ASC", "DESC", "AND", "OR", "NOT", "BETWEEN", "IN", "IS", "MISSING",
  "NULL", "TRUE", "FALSE", "INSERT", "INTO", "VALUE", "UPDATE", "SET", "REMOVE", "DELETE", "RETURNING", "EXISTS",
]);
/** Words that stand between two operands: PartiQL's own parser takes them for operators wherever they are. */
const OPERATORS: ReadonlySet<string> = new Set([
  "=", "<>", "!=", "<", "<=", ">", ">=", "AND", "OR", "IN", "IS", "BETWEEN",
]);
/** Words that its parser knows as kinds of tokens of their own. */
const TERM_WORDS: ReadonlySet<string> = new Set(["BY", "ASC", "DESC", "MISSING"]);
/** What its parser calls the symbols that it expects. */
const SYMBOL_NAMES: ReadonlyMap<string, string> = new Map([
  [")", "RIGHT_PAREN"], ["]", "RIGHT_BRACKET"], ["}", "RIGHT_CURLY"], [">>", "RIGHT_DOUBLE_ANGLE_BRACKET"],
  [":", "COLON"],
]);
/** Largest list index of a path: a 31-bit integer. */
const LIST_INDEX_MAX = 2 ** 31 - 1;
/** For a statement, or a part of one, that begins with no verb. */
export const EXPECTED_CHANGE = "Expected data manipulation";
/** For the name of a table, or of an attribute that is changed. */
export const EXPECTED_NAME = "Expected identifier for simple path";
const NULL_VALUE: AttributeValue = { NULL: true };
const WRONG_PATH: PathNode = ["?"];

export class StatementReader {
  problem: string | null;
  /** The problem is one of the text alone, whatever the parameters are. */
  isMalformed: boolean;
  readonly parameterCount: number;
  readonly #text: string;
  readonly #tokens: readonly Token[];
  readonly #parameters: Parameters;
  #at: number;
  #parametersUsed: number;

  constructor(text: string, parameters: Parameters) {
    this.problem = null;
    this.isMalformed = false;
    this.#text = text;
    this.#tokens = tokenizeStatement(text);
    this.#parameters = parameters;
    this.#at = 0;
    this.#parametersUsed = 0;
    let count = 0;
    for (const { kind } of this.#tokens) if (kind === "parameter") count++;
    this.parameterCount = count;
  }

  /** Of the character at `at`; both count from 1. */
  positionOf(at: number): { readonly line: number; readonly column: number } {
    const before = this.#text.slice(0, at).split("\n");
    return { line: before.length, column: (before.at(-1) as string).length + 1 };
  }

  get token(): Token {
    return must(this.#tokens[this.#at], "the last token is never passed");
  }

  peek(ahead: number): Token {
    return this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)] as Token;
  }

  /** The message of the refusal, whole. */
  refuse(message: string): void {
    this.problem ??= message;
    this.#at = this.#tokens.length - 1;
  }

  fail(detail: string): void {
    if (this.problem === null) this.isMalformed = true;
    this.refuseValue(detail);
  }

  /** What is wrong may be a parameter. */
  refuseValue(detail: string): void {
    this.refuse(`Statement wasn't well formed, can't be processed: ${detail}`);
  }

  failHere(expected: string): void {
    const { kind, text, at } = this.token;
    this.fail(kind === "end" ? `Expected ${expected}, but the statement ends`
      : `Expected ${expected}, but found ${text.slice(0, 100)} at position ${at + 1}`);
  }

  /** Where a value, a path or a condition should begin, nothing does that. In the words of PartiQL's parser. */
  failTerm(): void {
    const { kind, keyword } = this.token;
    if (OPERATORS.has(keyword)) this.fail("Unexpected operator");
    // It reads "FROM x" as the beginning of a change.
    else if (keyword === "FROM") this.fail(EXPECTED_CHANGE);
    else {
      const isKeyword = kind === "word" && KEYWORDS.has(keyword) && !TERM_WORDS.has(keyword);
      this.fail(isKeyword ? "Unexpected keyword" : "Unexpected term");
    }
  }

  /** Behind an operator that has a left side. */
  expectRightSide(): void {
    if (this.token.kind === "end") this.fail("Missing right-hand side expression of infix operator");
  }

  is(keyword: string): boolean {
    return this.token.keyword === keyword;
  }

  /** Takes the keyword or symbol if it is next. */
  take(keyword: string): boolean {
    if (this.token.keyword !== keyword) return false;
    this.#at++;
    return true;
  }

  expect(keyword: string, complaint = `Expected ${SYMBOL_NAMES.get(keyword) ?? keyword}`): void {
    if (!this.take(keyword)) this.fail(complaint);
  }

  /** A bare or quoted name. Without a complaint, that of a term which is not there. */
  name(complaint: string | null = null): string {
    if (this.isName()) {
      const { text } = this.token;
      if (text === "") this.fail("A name is empty");
      else this.#at++;
      return text;
    }
    if (complaint === null) this.failTerm();
    else this.fail(complaint);
    return "";
  }

  isName(): boolean {
    const { kind, keyword } = this.token;
    return kind === "quoted" || (kind === "word" && !KEYWORDS.has(keyword));
  }

  /** name, then .name, [index] or ['name']. */
  path(complaint: string | null = null): PathNode {
    const path: [string, ...(string | number)[]] = [this.name(complaint)];
    for (;;) {
      if (this.take(".")) path.push(this.name("Invalid path dot component"));
      else if (this.take("[")) {
        path.push(this.#index());
        this.expect("]");
      } else break;
    }
    if (path.length > NESTING_MAX) {
      this.refuse(`The document path has too many nesting elements; nesting levels: ${path.length}`);
    }
    return this.problem === null ? path : WRONG_PATH;
  }

  #index(): string | number {
    const { kind, text } = this.token;
    if (kind === "string" && text !== "") {
      this.#at++;
      return text;
    }
    const index = kind === "number" && /^[0-9]+$/.test(text) ? Number(text) : -1;
    if (index < 0) this.failHere("a list index");
    else if (index > LIST_INDEX_MAX) this.fail("List index is not within the allowable range");
    else this.#at++;
    return index;
  }

  isValue(): boolean {
    const { kind, keyword } = this.token;
    if (kind === "string" || kind === "number" || kind === "parameter") return true;
    if (keyword === "-" || keyword === "+") return this.peek(1).kind === "number";
    return keyword === "{" || keyword === "[" || keyword === "<<"
      || keyword === "NULL" || keyword === "TRUE" || keyword === "FALSE";
  }

  /** A literal or a parameter, as a whole within the limits of values. */
  value(): AttributeValue {
    const value = this.#value(0);
    if (this.problem !== null || !("L" in value || "M" in value)) return value;
    // Parameters within literals nest deeper than either.
    const parsed = parseAttributeValue(value);
    if (parsed.ok) return parsed.value;
    this.refuse(parsed.problem.message);
    return NULL_VALUE;
  }

  /** A map, literal or parameter, that is not itself a level of nesting. */
  item(): AttributeMap {
    const value = this.take("{") ? this.#map(0) : this.#value(0);
    if (this.problem !== null) return newAttributeMap();
    if (!("M" in value)) {
      this.refuseValue("The value of INSERT is a map");
      return newAttributeMap();
    }
    const parsed = parseAttributeMap(value.M);
    if (parsed.ok) return parsed.value;
    this.refuse(parsed.problem.message);
    return newAttributeMap();
  }

  /** `depth`: lists and maps around it. */
  #value(depth: number): AttributeValue {
    const { kind, text } = this.token;
    if (depth > NESTING_MAX) {
      this.refuse("Nesting Levels have exceeded supported limits");
      return NULL_VALUE;
    }
    if (kind === "string") {
      this.#at++;
      return { S: text };
    }
    if (kind === "number") return this.#number("");
    if (kind === "parameter") {
      this.#at++;
      return this.#parameters[this.#parametersUsed++] ?? NULL_VALUE;
    }
    if (this.take("NULL")) return NULL_VALUE;
    if (this.take("TRUE")) return { BOOL: true };
    if (this.take("FALSE")) return { BOOL: false };
    if (this.take("-")) return this.#number("-");
    if (this.take("+")) return this.#number("");
    if (this.take("[")) return { L: this.#values("]", depth + 1) };
    if (this.take("{")) return this.#map(depth + 1);
    if (this.take("<<")) return this.#set(this.#values(">>", depth));
    if (this.isName()) this.failHere("a value");
    else this.failTerm();
    return NULL_VALUE;
  }

  /** Values with commas between them up to `close`, which is taken. There may be none. */
  #values(close: string, depth: number): AttributeValue[] {
    const values: AttributeValue[] = [];
    if (this.take(close)) return values;
    do values.push(this.#value(depth)); while (this.take(","));
    this.expect(close);
    return values;
  }

  #number(sign: string): AttributeValue {
    const { kind, text } = this.token;
    if (kind !== "number") {
      this.failHere("a number");
      return NULL_VALUE;
    }
    this.#at++;
    const result = canonicalNumber(sign + (text.startsWith(".") ? `0${text}` : text));
    if (result.ok) return { N: result.value };
    this.refuse(numberMessage(result.problem, sign + text));
    return NULL_VALUE;
  }

  #map(depth: number): AttributeValue {
    const map = newAttributeMap();
    if (this.take("}")) return { M: map };
    do {
      const { kind, text } = this.token;
      if (kind !== "string") {
        this.failHere("an attribute name in single quotes");
        break;
      }
      this.#at++;
      this.expect(":");
      const value = this.#value(depth);
      if (hasAttribute(map, text)) this.fail(`Duplicate attribute name ${text}`);
      setAttribute(map, text, value);
    } while (this.take(","));
    this.expect("}");
    return { M: map };
  }

  /** The rules of sets (one type, no duplicates, not empty) are those of requests. */
  #set(values: readonly AttributeValue[]): AttributeValue {
    const first = values[0];
    const type = first === undefined ? null : "S" in first ? "S" : "N" in first ? "N" : "B" in first ? "B" : null;
    if (type === null) {
      if (this.problem === null) this.refuseValue("A set holds strings, numbers or binary values, and at least one");
      return NULL_VALUE;
    }
    const members: string[] = [];
    for (const value of values) {
      const member = (value as { readonly [key: string]: unknown })[type];
      if (typeof member !== "string") this.refuseValue("All elements of a set are of one type");
      else members.push(member);
    }
    const parsed = parseAttributeValue({ [`${type}S`]: members });
    if (parsed.ok) return parsed.value;
    this.refuse(parsed.problem.message);
    return NULL_VALUE;
  }
}

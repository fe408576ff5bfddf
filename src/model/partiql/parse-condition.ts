// The grammar of WHERE, from loose to tight: OR, AND, NOT, one comparison.
import { assert } from "../../base/assert.ts";
import type { ConditionNode, Operand } from "../expression/ast.ts";
import { isAttributeType } from "../expression/value-type.ts";
import { sizeOf } from "../expression/value-size.ts";
import { EXPRESSION_OPERATOR_COUNT_MAX } from "../limits.ts";
import type { StatementReader } from "./reader.ts";

/** Values on the right of IN, before it is known whether they are keys. */
const IN_COUNT_MAX = 100;
/** Pairs of parentheses and NOTs around a condition: bounds the recursion here and in the evaluation. */
const DEPTH_MAX = 50;
const COMPARATORS: ReadonlyMap<string, "=" | "<>" | "<" | "<=" | ">" | ">="> = new Map([
  ["=", "="], ["<>", "<>"], ["!=", "<>"], ["<", "<"], ["<=", "<="], [">", ">"], [">=", ">="],
] as const);
const NOTHING: ConditionNode = { kind: "attribute_exists", path: ["?"] };

export function parseWhere(reader: StatementReader): ConditionNode {
  return new ConditionParser(reader).disjunction(0);
}

class ConditionParser {
  readonly #reader: StatementReader;
  #operators: number;

  constructor(reader: StatementReader) {
    this.#reader = reader;
    this.#operators = 0;
  }

  disjunction(depth: number): ConditionNode {
    let left = this.#conjunction(depth);
    while (this.#reader.take("OR")) {
      this.#reader.expectRightSide();
      this.#count();
      left = { kind: "or", left, right: this.#conjunction(depth) };
    }
    return left;
  }

  #conjunction(depth: number): ConditionNode {
    let left = this.#negation(depth);
    while (this.#reader.take("AND")) {
      this.#reader.expectRightSide();
      this.#count();
      left = { kind: "and", left, right: this.#negation(depth) };
    }
    return left;
  }

  #negation(depth: number): ConditionNode {
    const reader = this.#reader;
    if (depth > DEPTH_MAX) {
      reader.refuse("The WHERE clause has too many levels of nesting");
      return NOTHING;
    }
    if (reader.take("NOT")) {
      this.#count();
      return { kind: "not", operand: this.#negation(depth + 1) };
    }
    if (reader.take("(")) {
      const inner = this.disjunction(depth + 1);
      reader.expect(")");
      return inner;
    }
    return this.#test();
  }

  #test(): ConditionNode {
    const reader = this.#reader;
    this.#count();
    if (reader.is("EXISTS")) {
      reader.refuse("EXISTS is allowed in ExecuteTransaction only");
      return NOTHING;
    }
    const call = this.#call();
    if (call !== null) return call;
    const operand = this.#operand();
    const comparator = COMPARATORS.get(reader.token.keyword);
    if (comparator !== undefined) {
      reader.take(reader.token.keyword);
      reader.expectRightSide();
      return { kind: "compare", comparator, left: operand, right: this.#operand() };
    }
    if (reader.take("IS")) return this.#is(operand);
    const isNegated = reader.take("NOT");
    const test = this.#rangeOrList(operand);
    return isNegated ? { kind: "not", operand: test } : test;
  }

  #rangeOrList(operand: Operand): ConditionNode {
    const reader = this.#reader;
    if (reader.take("BETWEEN")) {
      reader.expectRightSide();
      const low = this.#operand();
      reader.expect("AND", "Expected AND keyword");
      if (reader.token.kind === "end") reader.fail("Expected expression after AND");
      return { kind: "between", operand, low, high: this.#operand() };
    }
    if (reader.take("IN")) {
      reader.expectRightSide();
      return { kind: "in", operand, list: this.#list() };
    }
    if (reader.isValue() || reader.isName()) reader.fail("Unexpected token after expression");
    else reader.failHere("a comparison");
    return NOTHING;
  }

  /** A list literal, values in parentheses, or one parameter that is a list. */
  #list(): readonly Operand[] {
    const reader = this.#reader;
    const list: Operand[] = [];
    if (reader.take("(")) {
      do list.push(this.#operand()); while (reader.take(","));
      reader.expect(")");
    } else {
      const value = reader.value();
      if ("L" in value) for (const element of value.L) list.push({ kind: "value", value: element });
      else reader.refuseValue("IN takes a list");
    }
    if (list.length === 0) reader.refuseValue("IN takes at least one value");
    if (list.length > IN_COUNT_MAX) {
      reader.refuse(`The IN operator is provided with too many operands; number of operands: ${list.length}`);
    }
    return list;
  }

  #is(operand: Operand): ConditionNode {
    const reader = this.#reader;
    const isNegated = reader.take("NOT");
    if (operand.kind !== "path") reader.fail("IS takes a path on its left");
    if (reader.problem !== null) return NOTHING;
    assert(operand.kind === "path", "anything else has been refused");
    const { path } = operand;
    if (reader.take("MISSING")) {
      return { kind: isNegated ? "attribute_exists" : "attribute_not_exists", path };
    }
    reader.expect("NULL", "Expected type name");
    const test: ConditionNode = { kind: "attribute_type", path, type: "NULL" };
    return isNegated ? { kind: "not", operand: test } : test;
  }

  /** A function that is a condition by itself. Null: none is next. */
  #call(): ConditionNode | null {
    const reader = this.#reader;
    const { kind, text } = reader.token;
    const name = text.toLowerCase();
    if (kind !== "word" || reader.peek(1).keyword !== "(" || name === "size") return null;
    if (name !== "begins_with" && name !== "contains" && name !== "attribute_type") {
      reader.fail(`Invalid function name; function: ${text.slice(0, 100)}`);
      return NOTHING;
    }
    reader.take(reader.token.keyword);
    reader.expect("(");
    const path = reader.path();
    reader.expect(",", "Expected RIGHT_PAREN");
    const second = this.#operand();
    reader.expect(")");
    const operand: Operand = { kind: "path", path };
    if (name === "begins_with") {
      if (second.kind === "value" && !("S" in second.value) && !("B" in second.value)) {
        reader.refuse("Incorrect operand type for operator or function; operator or function: begins_with, "
          + `operand type: ${Object.keys(second.value)[0]}`);
      }
      return { kind: "begins_with", operand, prefix: second };
    }
    if (name === "contains") return { kind: "contains", operand, element: second };
    const type = second.kind === "value" && "S" in second.value ? second.value.S : "";
    if (isAttributeType(type)) return { kind: "attribute_type", path, type };
    reader.refuse(`Invalid attribute type name found; type: ${type.slice(0, 100)}, `
      + "valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}");
    return NOTHING;
  }

  #operand(): Operand {
    const reader = this.#reader;
    if (reader.isValue()) return { kind: "value", value: reader.value() };
    const { kind, keyword } = reader.token;
    if (kind !== "word" || keyword !== "SIZE" || reader.peek(1).keyword !== "(") {
      return { kind: "path", path: reader.path() };
    }
    this.#count();
    reader.take("SIZE");
    reader.expect("(");
    if (!reader.isValue()) {
      const path = reader.path();
      reader.expect(")");
      return { kind: "size", path };
    }
    const size = sizeOf(reader.value());
    reader.expect(")");
    if (size === null) reader.refuse("Incorrect operand type for operator or function; operator or function: size");
    return { kind: "value", value: { N: String(size ?? 0) } };
  }

  #count(): void {
    if (++this.#operators > EXPRESSION_OPERATOR_COUNT_MAX) {
      this.#reader.refuse("The WHERE clause contains too many operators; "
        + `allowed count: ${EXPRESSION_OPERATOR_COUNT_MAX}`);
    }
  }
}

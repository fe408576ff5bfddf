// What the parsers yield: the expression as it is written, with placeholders neither looked up nor
// checked. It depends on the text alone, so it can be kept and used again for other names and values.
import type { Comparator } from "./ast.ts";

/** A path as written: names (plain or `#x`) are strings, list indexes are numbers. */
export type RawPath = { readonly kind: "path"; readonly parts: readonly [string, ...(string | number)[]] };
export type RawValue = { readonly kind: "value"; readonly placeholder: string };
export type RawCall = { readonly kind: "call"; readonly name: string; readonly operands: readonly RawOperand[] };
export type RawOperand = RawPath | RawValue | RawCall;

export type RawCondition =
  | { readonly kind: "compare"; readonly comparator: Comparator; readonly left: RawOperand; readonly right: RawOperand }
  | { readonly kind: "between"; readonly operand: RawOperand; readonly low: RawOperand; readonly high: RawOperand }
  | { readonly kind: "in"; readonly operand: RawOperand; readonly list: readonly RawOperand[] }
  | { readonly kind: "and" | "or"; readonly left: RawCondition; readonly right: RawCondition }
  | { readonly kind: "not"; readonly operand: RawCondition }
  | RawCall;

export type RawSetValue =
  | RawOperand
  | {
    readonly kind: "arithmetic";
    readonly operator: "+" | "-";
    readonly left: RawOperand;
    readonly right: RawOperand;
  };

export type SectionKeyword = "SET" | "REMOVE" | "ADD" | "DELETE";
export type RawAction =
  | { readonly section: "SET"; readonly path: RawPath; readonly value: RawSetValue }
  | { readonly section: "REMOVE"; readonly path: RawPath }
  | { readonly section: "ADD" | "DELETE"; readonly path: RawPath; readonly value: RawValue };

export type RawUpdate = {
  /** Section keywords in the order they stand in, repetitions included. */
  readonly sections: readonly SectionKeyword[];
  /** All actions in the order they stand in. */
  readonly actions: readonly RawAction[];
};

export type RawTree<T> = {
  readonly root: T;
  /** Some part stands in two pairs of parentheses with nothing between them. */
  readonly hasRedundantParentheses: boolean;
};

/** `message` comes without the "Invalid …Expression: " in front. */
export type ParseResult<T> =
  | { readonly ok: true; readonly tree: RawTree<T> }
  | { readonly ok: false; readonly message: string };

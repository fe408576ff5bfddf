// What a key condition may say of an index whose partition key or sort key is made of several attributes: equality on
// each attribute of the partition key; then, from left to right, equality on attributes of the sort key, and on the
// next one any test that a sort key takes.
import type { AttributeValue } from "../attribute-value.ts";
import type { KeyAttribute } from "../table-schema.ts";
import { keyTypeProblem, type KeyTests } from "./key-condition.ts";
import type { SortCondition } from "./sort-condition.ts";

export type IndexCondition = {
  /** One for each attribute of the partition key. */
  readonly hashValues: readonly AttributeValue[];
  /** Of the first attributes of the sort key. */
  readonly equal: readonly AttributeValue[];
  /** Of the next one. */
  readonly sort: SortCondition;
};

export type IndexConditionResult =
  | { readonly ok: true; readonly value: IndexCondition }
  | { readonly ok: false; readonly message: string };

const NOT_SUPPORTED = "Query key condition not supported";

export function toIndexCondition(
  tests: KeyTests, hashKeys: readonly KeyAttribute[], rangeKeys: readonly KeyAttribute[],
): IndexConditionResult {
  if (tests.size > hashKeys.length + rangeKeys.length) return refuse(NOT_SUPPORTED);
  const hashValues: AttributeValue[] = [];
  for (const key of hashKeys) {
    const test = tests.get(key.name);
    if (test === undefined) return refuse(missed(key));
    if (test.op !== "=") return refuse(NOT_SUPPORTED);
    const problem = keyTypeProblem(key.name, key.type, test);
    if (problem !== null) return refuse(problem);
    hashValues.push(test.value);
  }
  const ofRange = rangeTests(tests, hashKeys.length, rangeKeys);
  return typeof ofRange === "string" ? refuse(ofRange) : { ok: true, value: { hashValues, ...ofRange } };
}

/** A text: what is wrong. */
function rangeTests(
  tests: KeyTests, hashCount: number, rangeKeys: readonly KeyAttribute[],
): Pick<IndexCondition, "equal" | "sort"> | string {
  let left = tests.size - hashCount;
  const equal: AttributeValue[] = [];
  let sort: SortCondition = null;
  for (const key of rangeKeys) {
    if (left === 0) break;
    const test = tests.get(key.name);
    if (test === undefined) return missed(key);
    if (sort !== null) return NOT_SUPPORTED;
    const problem = keyTypeProblem(key.name, key.type, test);
    if (problem !== null) return problem;
    if (test.op === "=") equal.push(test.value);
    else sort = test;
    left--;
  }
  return left === 0 ? { equal, sort } : NOT_SUPPORTED;
}

function missed({ name }: KeyAttribute): string {
  return `Query condition missed key schema element: ${name}`;
}

function refuse(message: string): IndexConditionResult {
  return { ok: false, message };
}

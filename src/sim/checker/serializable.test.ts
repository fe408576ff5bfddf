import assert from "node:assert/strict";
import { test } from "node:test";
import { serializabilityFault, type TransactionCall } from "./serializable.ts";

const call = (name: string, writes: string, at: readonly [number, number], seen: Record<string, number> = {}): TransactionCall => ({
  name, writes: [...writes], seen: new Map(Object.entries(seen)), invokedUs: at[0], returnedUs: at[1],
  result: at[1] === Infinity ? "unknown" : "done",
});
const lists = (lists: Record<string, string[]>): Map<string, string[]> => new Map(Object.entries(lists));

test("what has an order passes", () => {
  const calls = [
    call("a", "xy", [0, 10]), call("b", "x", [5, 15]), call("r", "", [8, 20], { x: 1, y: 1 }),
    call("s", "", [30, 40], { x: 2, y: 1 }), call("u", "y", [1, Infinity]),
    { ...call("n", "xy", [0, 5]), result: "not-done" as const },
  ];
  assert.equal(serializabilityFault(calls, lists({ x: ["a", "b"], y: ["a"] })), null);
  assert.equal(serializabilityFault([...calls.slice(0, 3), calls[4] as TransactionCall], lists({ x: ["a", "b"], y: ["a", "u"] })), null);
});

const faults: readonly [string, TransactionCall[], Record<string, string[]>, RegExp][] = [
  ["a write that was acknowledged is missing", [call("a", "xy", [0, 1])], { x: ["a"], y: [] }, /is done/],
  ["half of a write of unknown fate", [call("a", "xy", [0, Infinity])], { x: ["a"], y: [] }, /half done/],
  ["done twice", [call("a", "x", [0, 1])], { x: ["a", "a"] }, /twice/],
  ["refused and done", [{ ...call("a", "x", [0, 1]), result: "not-done" }], { x: ["a"] }, /refused/],
  ["a read between the writes of one transaction",
    [call("a", "xy", [0, 10]), call("r", "", [0, 10], { x: 1, y: 0 })], { x: ["a"], y: ["a"] }, /no order/],
  ["writes in two orders", [call("a", "xy", [0, 10]), call("b", "xy", [0, 10])], { x: ["a", "b"], y: ["b", "a"] }, /no order/],
  ["each checks what the other writes",
    [call("a", "x", [0, 10], { y: 0 }), call("b", "y", [0, 10], { x: 0 })], { x: ["a"], y: ["b"] }, /no order/],
  ["a read that is behind", [call("a", "x", [0, 10]), call("r", "", [20, 30], { x: 0 })], { x: ["a"] }, /no order/],
  ["an invented write", [call("r", "", [0, 1], { x: 1 })], { x: [] }, /saw 1 writes/],
];

for (const [name, calls, end, expected] of faults) {
  test(`finds: ${name}`, () => assert.match(serializabilityFault(calls, lists(end)) ?? "nothing", expected));
}

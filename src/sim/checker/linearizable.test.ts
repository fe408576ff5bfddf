// The checker against a brute-force oracle on small random histories, and against known ones.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Prng } from "../../base/prng.ts";
import { stepItem, type ItemCall, type ItemCommand, type ItemResult, type ItemState } from "./history.ts";
import { checkLinearizable } from "./linearizable.ts";

function call(invokedUs: number, returnedUs: number, command: ItemCommand, result: ItemResult): ItemCall {
  return { client: 0, item: "x", command, invokedUs, returnedUs, result };
}
const put = (from: number, to: number, value: string): ItemCall =>
  call(from, to, { kind: "put", value }, to === Infinity ? { kind: "unknown" } : { kind: "done", old: undefined });
const get = (from: number, to: number, value: string | null): ItemCall =>
  call(from, to, { kind: "get" }, { kind: "read", value });
const add = (from: number, to: number, sum: string | null): ItemCall =>
  call(from, to, { kind: "add", by: 1 }, sum === null ? { kind: "unknown" } : { kind: "sum", value: sum });

/** Every order of every subset that holds all calls with known results. */
function oracle(calls: readonly ItemCall[]): boolean {
  const used = new Set<number>();
  const search = (state: ItemState): boolean => {
    const left = calls.map((_, i) => i).filter((i) => !used.has(i));
    if (left.every((i) => calls[i]!.result.kind === "unknown")) return true;
    for (const i of left) {
      const mine = calls[i]!;
      if (left.some((j) => j !== i && calls[j]!.result.kind !== "unknown" && calls[j]!.returnedUs < mine.invokedUs)) {
        continue;
      }
      const next = stepItem(state, mine.command, mine.result);
      if (next === undefined) continue;
      used.add(i);
      if (search(next)) return true;
      used.delete(i);
    }
    return false;
  };
  return search(null);
}

function randomHistory(prng: Prng): ItemCall[] {
  const isCounter = prng.chance(1, 3);
  const calls: ItemCall[] = [];
  const count = prng.between(1, 7);
  for (let i = 0; i < count; i++) {
    const from = prng.below(20);
    const to = from + prng.below(8);
    const isUnknown = prng.chance(1, 4);
    const unknown: ItemResult = { kind: "unknown" };
    const until = isUnknown ? Infinity : to;
    const value = String(prng.below(3));
    const old = prng.pick([undefined, undefined, null, "0", "1", "2"]);
    const yesNo: ItemResult = isUnknown ? unknown : { kind: prng.chance(1, 2) ? "done" : "failed", old };
    if (isCounter) {
      if (prng.chance(1, 3)) calls.push(get(from, to, prng.chance(1, 4) ? null : String(prng.between(1, 4))));
      else if (isUnknown) calls.push(add(from, Infinity, null));
      else calls.push(add(from, to, String(prng.between(1, 4))));
      continue;
    }
    switch (prng.below(6)) {
      case 0: calls.push(put(from, until, value)); break;
      case 1: calls.push(call(from, until, { kind: "create", value }, yesNo)); break;
      case 2: calls.push(call(from, until, { kind: "swap", expected: String(prng.below(3)), value }, yesNo)); break;
      case 3:
        calls.push(call(from, until, { kind: "delete" }, isUnknown ? unknown : { kind: "done", old: undefined }));
        break;
      case 4: calls.push(call(from, until, { kind: "delete-if", expected: value }, yesNo)); break;
      default: calls.push(get(from, to, prng.chance(1, 4) ? null : value));
    }
  }
  return calls;
}

test("agrees with the brute-force oracle on random small histories", (t) => {
  const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 32));
  t.diagnostic(`SEED=${seed}`);
  const prng = new Prng(seed);
  let legal = 0;
  const rounds = 20_000;
  for (let i = 0; i < rounds; i++) {
    const calls = randomHistory(prng);
    const expected = oracle(calls);
    const verdict = checkLinearizable(calls);
    assert.equal(verdict.kind, expected ? "linearizable" : "violation", `seed ${seed}: ${JSON.stringify(calls)}`);
    if (expected) legal++;
  }
  assert.ok(legal > rounds / 20 && legal < rounds - rounds / 20, "both verdicts occur often");
});

const known: readonly { readonly name: string; readonly isLegal: boolean; readonly calls: readonly ItemCall[] }[] = [
  { name: "empty", isLegal: true, calls: [] },
  { name: "read of what was put", isLegal: true, calls: [put(0, 1, "a"), get(2, 3, "a")] },
  { name: "stale read", isLegal: false, calls: [put(0, 1, "a"), put(2, 3, "b"), get(4, 5, "a")] },
  { name: "lost acknowledged write", isLegal: false, calls: [put(0, 1, "a"), get(2, 3, null)] },
  { name: "concurrent put seen by one and not by an earlier-ending other", isLegal: true,
    calls: [put(0, 10, "a"), get(1, 3, null), get(2, 5, "a")] },
  { name: "a value seen, then not seen any more", isLegal: false,
    calls: [put(0, 10, "a"), get(1, 2, "a"), get(3, 4, null)] },
  { name: "an unknown put that shows late", isLegal: true,
    calls: [put(0, Infinity, "a"), get(5, 6, null), get(7, 8, "a")] },
  { name: "an unknown put that shows and vanishes", isLegal: false,
    calls: [put(0, Infinity, "a"), get(5, 6, "a"), get(7, 8, null)] },
  { name: "a value from nowhere", isLegal: false, calls: [get(0, 1, "a")] },
  { name: "read before the write was made", isLegal: false, calls: [get(0, 1, "a"), put(2, 3, "a")] },
  { name: "an old image that never was", isLegal: false,
    calls: [put(0, 1, "a"), call(2, 3, { kind: "put", value: "b" }, { kind: "done", old: null })] },
  { name: "two creations acknowledged", isLegal: false, calls: [
    call(0, 1, { kind: "create", value: "a" }, { kind: "done", old: undefined }),
    call(0, 1, { kind: "create", value: "b" }, { kind: "done", old: undefined }),
  ] },
  { name: "an increment done twice", isLegal: false, calls: [add(0, 1, "1"), get(2, 3, "2")] },
  { name: "the second increment explained by an unknown one", isLegal: true,
    calls: [add(0, 1, "1"), add(2, Infinity, null), get(3, 4, "2")] },
  { name: "one unknown increment cannot count twice", isLegal: false,
    calls: [add(0, 1, "1"), add(2, Infinity, null), get(3, 4, "3")] },
];

for (const { name, isLegal, calls } of known) {
  test(`${isLegal ? "accepts" : "refuses"}: ${name}`, () => {
    assert.equal(checkLinearizable(calls).kind, isLegal ? "linearizable" : "violation");
  });
}

test("gives up when there are too many configurations", () => {
  const calls: ItemCall[] = [];
  for (let i = 0; i < 16; i++) calls.push(put(0, Infinity, String(i)));
  calls.push(get(1, 2, "x"));
  assert.equal(checkLinearizable(calls, null, 1000).kind, "undecided");
});

test("a history of thousands of calls in sequence takes one pass", () => {
  const calls: ItemCall[] = [];
  for (let i = 0; i < 2000; i++) {
    calls.push(put(i * 4, i * 4 + 1, String(i)));
    calls.push(get(i * 4 + 2, i * 4 + 3, String(i)));
  }
  assert.equal(checkLinearizable(calls).kind, "linearizable");
});

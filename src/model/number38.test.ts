import assert from "node:assert/strict";
import { test } from "node:test";
import { Prng } from "../base/prng.ts";
import type { NumberResult } from "./number38.ts";
import { addNumbers, canonicalNumber, compareNumbers, subtractNumbers } from "./number38.ts";
import { randomNumber } from "./random-value.ts";

const SEED = Date.now();
const NINES = "9".repeat(38);

// The dumb second implementation: every number is a BigInt of units of 10^-400.
const SCALE = 400;

function units(text: string): bigint {
  const match = /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text)!;
  const exponent = Number(match[4] ?? 0) - match[3]!.length + SCALE;
  const size = BigInt(`${match[2]}${match[3]}`) * 10n ** BigInt(exponent);
  return match[1] === "-" ? -size : size;
}

function textOf(value: bigint): NumberResult {
  if (value === 0n) return { ok: true, value: "0" };
  const sign = value < 0n ? "-" : "";
  const padded = (value < 0n ? -value : value).toString().padStart(SCALE + 1, "0");
  const significant = padded.replace(/^0+|0+$/g, "");
  const exponent = padded.replace(/^0+/, "").length - 1 - SCALE;
  if (exponent > 125) return { ok: false, problem: "overflow" };
  if (exponent < -130) return { ok: false, problem: "underflow" };
  if (significant.length > 38) return { ok: false, problem: "precision" };
  const whole = padded.slice(0, -SCALE);
  const fraction = padded.slice(-SCALE).replace(/0+$/, "");
  return { ok: true, value: sign + whole + (fraction === "" ? "" : `.${fraction}`) };
}

function randomInput(prng: Prng): string {
  const digits = (max: number): string => {
    let out = "";
    for (let left = prng.below(max + 1); left > 0; left--) out += prng.chance(1, 3) ? "0" : String(prng.below(10));
    return out;
  };
  const long = prng.chance(1, 3) ? 40 : 5;
  const whole = digits(long);
  const fraction = digits(long);
  let text = prng.pick(["", "", "+", "-"]) + whole;
  if (fraction !== "" || whole === "") text += `.${fraction || "5"}`;
  else if (prng.chance(1, 8)) text += ".";
  if (prng.chance(1, 2)) text += prng.pick(["e", "E"]) + prng.pick(["", "+", "-"]) + prng.below(180);
  return text;
}

test("canonical texts", () => {
  const cases: [string, string][] = [
    ["1E3", "1000"], ["0.00100", "0.001"], ["-0", "0"], ["-0.0e5", "0"], ["+5", "5"], [".5", "0.5"], ["5.", "5"],
    ["0001", "1"], ["-007.70", "-7.7"], ["1e0", "1"], ["12345678901234567890", "12345678901234567890"],
    ["1E125", `1${"0".repeat(125)}`], ["1e-130", `0.${"0".repeat(129)}1`], [`${NINES}E88`, NINES + "0".repeat(88)],
    [`0.${"0".repeat(200)}`, "0"], ["0e999999999999999999999", "0"], ["0".repeat(1000) + "1", "1"],
    ["1" + "0".repeat(125), "1" + "0".repeat(125)], ["1e+000000000000000000002", "100"], ["-1e-1", "-0.1"],
  ];
  for (const [text, canonical] of cases) {
    assert.deepEqual(canonicalNumber(text), { ok: true, value: canonical }, text);
    assert.deepEqual(canonicalNumber(canonical), { ok: true, value: canonical }, canonical);
  }
});

test("refusals", () => {
  const cases: [string, string][] = [
    ["", "syntax"], ["-", "syntax"], ["+", "syntax"], [".", "syntax"], ["-.", "syntax"], ["e5", "syntax"],
    ["1e", "syntax"], ["1e+", "syntax"], ["1e1.5", "syntax"], ["1.2.3", "syntax"], ["--1", "syntax"],
    [" 1", "syntax"], ["1 ", "syntax"], ["0x10", "syntax"], ["1_000", "syntax"], ["1,5", "syntax"],
    ["NaN", "syntax"], ["Infinity", "syntax"], ["abc", "syntax"], ["١", "syntax"], ["1\0", "syntax"],
    ["1n", "syntax"], [".e1", "syntax"], ["\n1", "syntax"],
    ["1E126", "overflow"], ["-1E126", "overflow"], [`${NINES}E89`, "overflow"], ["1e99999999999999999", "overflow"],
    ["1E-131", "underflow"], ["-9.9E-131", "underflow"], ["1e-99999999999999999", "underflow"],
    [`${NINES}1`, "precision"], [`1.${"0".repeat(37)}1`, "precision"], [`${NINES}.5`, "precision"],
  ];
  for (const [text, problem] of cases) {
    assert.deepEqual(canonicalNumber(text), { ok: false, problem }, JSON.stringify(text));
  }
});

test("canonicalNumber agrees with the second implementation", () => {
  const prng = new Prng(SEED);
  const seen = new Map<string, number>();
  for (let round = 0; round < 20_000; round++) {
    const text = randomInput(prng);
    const result = canonicalNumber(text);
    assert.deepEqual(result, textOf(units(text)), `seed ${SEED}: ${text}`);
    const kind = result.ok ? "ok" : result.problem;
    seen.set(kind, (seen.get(kind) ?? 0) + 1);
  }
  for (const kind of ["ok", "precision", "overflow", "underflow"]) assert.ok(seen.get(kind)! > 20, kind);
});

test("compareNumbers agrees with the second implementation", () => {
  const prng = new Prng(SEED + 1);
  for (let round = 0; round < 20_000; round++) {
    const a = randomNumber(prng);
    const b = prng.chance(1, 4) ? near(prng, a) : randomNumber(prng);
    const x = units(a);
    const y = units(b);
    assert.equal(compareNumbers(a, b), x < y ? -1 : x > y ? 1 : 0, `seed ${SEED}: ${a} ${b}`);
  }
});

/** A number that differs from `a`, if at all, far behind what a double can tell. */
function near(prng: Prng, a: string): string {
  const sum = addNumbers(a, `${prng.pick(["", "-"])}0.${"0".repeat(prng.between(10, 30))}1`);
  return sum.ok ? sum.value : a;
}

test("numbers closer than doubles can tell", () => {
  const big = "9007199254740993";
  assert.equal(compareNumbers("9007199254740992", big), -1);
  assert.equal(compareNumbers(big, "9007199254740992"), 1);
  assert.equal(compareNumbers("-9007199254740992", "-9007199254740993"), 1);
  assert.equal(compareNumbers("0.1", `0.1${"0".repeat(30)}1`), -1);
  assert.equal(compareNumbers("-0.1", `-0.1${"0".repeat(30)}1`), 1);
  assert.equal(compareNumbers(NINES, NINES), 0);
});

test("sums and differences agree with the second implementation", () => {
  const prng = new Prng(SEED + 2);
  const seen = new Map<string, number>();
  for (let round = 0; round < 20_000; round++) {
    const a = randomNumber(prng);
    const b = prng.chance(1, 10) ? near(prng, a) : randomNumber(prng);
    const sum = addNumbers(a, b);
    assert.deepEqual(sum, textOf(units(a) + units(b)), `seed ${SEED}: ${a} + ${b}`);
    assert.deepEqual(subtractNumbers(a, b), textOf(units(a) - units(b)), `seed ${SEED}: ${a} - ${b}`);
    const kind = sum.ok ? "ok" : sum.problem;
    seen.set(kind, (seen.get(kind) ?? 0) + 1);
  }
  assert.ok(seen.get("ok")! > 1000 && seen.get("precision")! > 1000);
});

test("sums at the edges", () => {
  const most = NINES + "0".repeat(88);
  const least = `0.${"0".repeat(129)}1`;
  assert.deepEqual(addNumbers(most, `1${"0".repeat(88)}`), { ok: false, problem: "overflow" });
  assert.deepEqual(addNumbers(most, `-${most}`), { ok: true, value: "0" });
  assert.deepEqual(subtractNumbers("0", "0"), { ok: true, value: "0" });
  assert.deepEqual(subtractNumbers("5", "5"), { ok: true, value: "0" });
  assert.deepEqual(addNumbers(NINES, "1"), { ok: true, value: `1${"0".repeat(38)}` });
  assert.deepEqual(addNumbers("999999999999999", "1"), { ok: true, value: "1000000000000000" });
  assert.deepEqual(addNumbers(NINES, "0.1"), { ok: false, problem: "precision" });
  assert.deepEqual(addNumbers("1", least), { ok: false, problem: "precision" });
  assert.deepEqual(addNumbers(least, least), { ok: true, value: `0.${"0".repeat(129)}2` });
  assert.deepEqual(
    subtractNumbers(`0.${"0".repeat(128)}12`, `0.${"0".repeat(128)}11`), { ok: true, value: least });
});

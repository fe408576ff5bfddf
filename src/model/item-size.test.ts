import assert from "node:assert/strict";
import { test } from "node:test";
import { Prng } from "../base/prng.ts";
import type { AttributeValue, Item } from "./attribute-value.ts";
import { attributeValueSize, itemSize, numberSize } from "./item-size.ts";
import { randomMap, randomNumber } from "./random-value.ts";

// The dumb second implementation: counts on encoded bytes and padded digit strings.
function dumbNumber(text: string): number {
  let [whole, fraction = ""] = text.replace("-", "").split(".") as [string, string?];
  if (whole.length % 2 === 1) whole = `0${whole}`;
  if (fraction.length % 2 === 1) fraction += "0";
  const pairs = (whole + fraction).match(/../g)!;
  while (pairs[0] === "00") pairs.shift();
  while (pairs.at(-1) === "00") pairs.pop();
  return Math.min(21, 1 + pairs.length + (text.startsWith("-") ? 1 : 0));
}

function dumbValue(value: AttributeValue): number {
  const [type, content] = Object.entries(value)[0] as [string, any];
  switch (type) {
    case "S": return Buffer.byteLength(content);
    case "N": return dumbNumber(content);
    case "B": return Buffer.from(content, "base64").length;
    case "BOOL": case "NULL": return 1;
    case "SS": case "NS": case "BS":
      return content.reduce((sum: number, member: string) => sum + dumbValue({ [type[0]!]: member } as any), 0);
    case "L": return content.reduce((sum: number, element: AttributeValue) => sum + 1 + dumbValue(element), 3);
    default: return 3 + Object.keys(content).length + dumbItem(content);
  }
}

function dumbItem(item: Item): number {
  return Object.entries(item).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + dumbValue(value), 0);
}

test("sizes of numbers", () => {
  const cases: [string, number][] = [
    ["0", 1], ["1", 2], ["10", 2], ["99", 2], ["100", 2], ["1000", 2], ["123", 3], ["1234", 3], ["12345", 4],
    ["-1", 3], ["-1234", 4], ["0.1", 2], ["0.01", 2], ["0.001", 2], ["1.5", 3], ["12.34", 3], ["0.05", 2],
    ["9".repeat(38), 20], [`-${"9".repeat(38)}`, 21], [`9.${"9".repeat(37)}`, 21], [`-9.${"9".repeat(37)}`, 21],
    [`1${"0".repeat(125)}`, 2], [`0.${"0".repeat(129)}1`, 2],
  ];
  for (const [text, size] of cases) assert.equal(numberSize(text), size, text);
});

test("sizes of values and items", () => {
  assert.equal(attributeValueSize({ S: "" }), 0);
  assert.equal(attributeValueSize({ S: "é😀" }), 6);
  assert.equal(attributeValueSize({ B: "YWI=" }), 2);
  assert.equal(attributeValueSize({ NULL: true }), 1);
  assert.equal(attributeValueSize({ L: [] }), 3);
  assert.equal(attributeValueSize({ M: {} }), 3);
  assert.equal(attributeValueSize({ L: [{ S: "ab" }, { BOOL: true }] }), 3 + 1 + 2 + 1 + 1);
  assert.equal(attributeValueSize({ M: { key: { S: "ab" } } }), 3 + 1 + 3 + 2);
  assert.equal(attributeValueSize({ SS: ["ab", "c"] }), 3);
  assert.equal(attributeValueSize({ NS: ["1", "-100"] }), 5);
  assert.equal(attributeValueSize({ BS: ["YQ==", ""] }), 1);
  assert.equal(itemSize({}), 0);
  assert.equal(itemSize({ pk: { S: "a" }, é: { N: "7" } }), 2 + 1 + 2 + 2);
});

test("agrees with the second implementation", () => {
  const seed = Date.now();
  const prng = new Prng(seed);
  for (let round = 0; round < 5000; round++) {
    const number = randomNumber(prng);
    assert.equal(numberSize(number), dumbNumber(number), `seed ${seed}: ${number}`);
    const item = randomMap(prng, 3);
    assert.equal(itemSize(item), dumbItem(item), `seed ${seed}: ${JSON.stringify(item)}`);
  }
});

// Limits: exactly at each, and one beyond.
import { N, S, answers, does, refuses, type Refused, type Suite } from "./suite.ts";
import assert from "node:assert/strict";

const T = { TableName: "$mhash" };
const R = { TableName: "$mrange" };
const INVALID = "One or more parameter values were invalid: ";
const HASH_SIZE = `${INVALID}Size of hashkey has exceeded the maximum size limit of2048 bytes`;
const RANGE_SIZE = `${INVALID}Aggregated size of all range keys has exceeded the size limit of 1024 bytes`;
const ITEM_SIZE = "Item size has exceeded the maximum allowed size";
const NESTING = "Nesting Levels have exceeded supported limits";

function nested(levels: number, kind: "L" | "M"): unknown {
  let value: unknown = S("x");
  for (let i = 0; i < levels; i++) value = kind === "L" ? { L: [value] } : { M: { k: value } };
  return value;
}
const put = (v: unknown): unknown => ({ ...T, Item: { a: S("limit"), v } });
const tested = (ConditionExpression: string, values: Record<string, unknown>): unknown => ({
  ...T, Item: { a: S("limit") }, ConditionExpression, ExpressionAttributeValues: values,
});
const ors = (count: number): string => Array.from({ length: count }, () => "b = :v").join(" OR ");
const list = (count: number): string => Array.from({ length: count }, (_, i) => `:v${i}`).join(", ");
const manyValues = (count: number): Record<string, unknown> => Object.fromEntries(Array.from({ length: count }, (_, i) => [`:v${i}`, N(i)]));
const LONGEST = "n".repeat(65_535);
const TOO_LONG = "n".repeat(65_536);
const NAME_SIZE = `${INVALID}Attribute name is too large, must be less than 65536 bytes`;
const NAMES_SIZE = `ExpressionAttributeNames contains invalid value: ${NAME_SIZE} for key #n`;
const named = (parameter: string, text: string): unknown => ({
  ...T, Key: { a: S("limit") }, [parameter]: text, ExpressionAttributeNames: { "#n": TOO_LONG },
});
const long = (bytes: number): string => `attribute_not_exists(${"b".repeat(bytes - "attribute_not_exists()".length)})`;

const beyond: readonly Refused[] = [
  ["PutItem", { ...T, Item: { a: S("x".repeat(2049)) } }, HASH_SIZE], ["GetItem", { ...T, Key: { a: S("x".repeat(2049)) } }, HASH_SIZE],
  ["PutItem", { ...R, Item: { a: S("x"), b: S("x".repeat(1025)) } }, RANGE_SIZE], ["GetItem", { ...R, Key: { a: S("x"), b: S("x".repeat(1025)) } }, RANGE_SIZE],
  ["PutItem", { ...T, Item: { a: S("ü".repeat(1025)) } }, HASH_SIZE],
  ["PutItem", put(S("x".repeat(409_600 - "alimitv".length + 1))), ITEM_SIZE],
  ["PutItem", put(nested(33, "L")), NESTING], ["PutItem", put(nested(33, "M")), NESTING],
  ["PutItem", tested(ors(152), { ":v": N(1) }), "Invalid ConditionExpression: The expression contains too many operators; operator count: 301"],
  ["PutItem", tested(`b IN (${list(101)})`, manyValues(101)),
    "Invalid ConditionExpression: The IN operator is provided with too many operands; number of operands: 101"],
  ["PutItem", { ...T, Item: { a: S("x") }, ConditionExpression: long(4097) },
    "Invalid ConditionExpression: Expression size has exceeded the maximum allowed size; expression size: 4097"],
  ["PutItem", { ...T, Item: { a: S("limit"), [TOO_LONG]: N(1) } }, NAME_SIZE],
  ["UpdateItem", { ...T, Key: { a: S("limit") }, AttributeUpdates: { [TOO_LONG]: { Value: N(1) } } }, NAME_SIZE],
  ["UpdateItem", { ...T, Key: { a: S("limit") }, AttributeUpdates: { "": { Value: N(1) } } }, `${INVALID}An attribute name may not be empty`],
  ["UpdateItem", named("UpdateExpression", "SET #n = a"), NAMES_SIZE], ["UpdateItem", named("UpdateExpression", "SET v.#n = a"), NAMES_SIZE],
  ["GetItem", named("ProjectionExpression", "#n"), NAMES_SIZE], ["DeleteItem", named("ConditionExpression", "attribute_exists(#n)"), NAMES_SIZE],
  ["DeleteItem", { ...T, Key: { a: S("limit") }, Expected: { [TOO_LONG]: { Exists: false } } }, NAME_SIZE],
  ["GetItem", { ...T, Key: { a: S("limit") }, AttributesToGet: [TOO_LONG] }, NAME_SIZE],
];

const within = [
  answers("PutItem", "keys of the largest size", [
    ["PutItem", { ...T, Item: { a: S("x".repeat(2048)), v: N(1) } }, {}],
    ["GetItem", { ...T, Key: { a: S("x".repeat(2048)) } }, { Item: { a: S("x".repeat(2048)), v: N(1) } }],
    ["PutItem", { ...R, Item: { a: S("x".repeat(2048)), b: S("y".repeat(1024)) } }, {}], ["PutItem", { ...T, Item: { a: S("ü".repeat(1024)) } }, {}],
  ]),
  does("PutItem", "an item of exactly 400 KB", async (target) => {
    const text = "x".repeat(409_600 - "alimitv".length);
    await target.ok("PutItem", put(S(text)));
    const { Item } = await target.ok("GetItem", { ...T, Key: { a: S("limit") } });
    assert.equal(Item.v.S, text);
    const grown = await target.ask("UpdateItem", { ...T, Key: { a: S("limit") }, UpdateExpression: "SET w = :w", ExpressionAttributeValues: { ":w": N(1) } });
    assert.deepEqual([grown.status, grown.message], [400, "Item size to update has exceeded the maximum allowed size"]);
  }),
  answers("UpdateItem", "a name of the largest size", [
    ["UpdateItem", {
      ...T, Key: { a: S("named") }, UpdateExpression: "SET #n = :v", ExpressionAttributeNames: { "#n": LONGEST }, ExpressionAttributeValues: { ":v": N(1) },
    }, {}],
    ["UpdateItem", { ...T, Key: { a: S("named") }, AttributeUpdates: { [LONGEST]: { Action: "ADD", Value: N(1) } } }, {}],
    ["GetItem", { ...T, Key: { a: S("named") } }, { Item: { a: S("named"), [LONGEST]: N(2) } }],
  ]),
  answers("PutItem", "32 levels", [["PutItem", put(nested(32, "L")), {}], ["PutItem", put(nested(32, "M")), {}]]),
  does("PutItem", "conditions at their limits", async (target) => {
    await target.ok("DeleteItem", { ...T, Key: { a: S("limit") } });
    const inputs = [
      tested(`NOT ${ors(150)}`, { ":v": N(1) }), tested(`b IN (${list(100)})`, manyValues(100)), { ...T, Item: { a: S("x") }, ConditionExpression: long(4096) },
    ];
    for (const input of inputs) {
      const answer = await target.ask("PutItem", input);
      assert.ok(answer.status === 200 || answer.type === "ConditionalCheckFailedException", answer.text);
    }
  }),
  does("UpdateItem", "cannot nest deeper than 32 levels", async (target) => {
    await target.ok("PutItem", { ...T, Item: { a: S("deep"), v: nested(30, "M") } });
    const path = `v${".k".repeat(30)}`;
    const input = (value: unknown): unknown => ({
      ...T, Key: { a: S("deep") }, UpdateExpression: `SET ${path} = :v`, ExpressionAttributeValues: { ":v": value },
    });
    await target.ok("UpdateItem", input(nested(2, "L")));
    const answer = await target.ask("UpdateItem", input(nested(3, "L")));
    assert.deepEqual([answer.status, answer.type], [400, "ValidationException"]);
    assert.match(answer.message ?? "", /^Nesting Levels have exceeded supported limits/);
  }),
];

export const limits: Suite = {
  name: "limits",
  setup: async (target) => {
    await target.table("mhash", "a:S");
    await target.table("mrange", "a:S", "b:S");
  },
  cases: [...refuses("beyond", beyond), ...within],
};

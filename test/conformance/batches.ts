// BatchGetItem and BatchWriteItem.
import { N, S, answers, does, inOrder, refuses, type Suite } from "./suite.ts";
import assert from "node:assert/strict";

const TWICE = "Provided list of item keys contains duplicates";
const MISMATCH = "The provided key element does not match the schema";
const NOT_FOUND = "Requested resource not found";
const LENGTHS = "Map value must satisfy constraint: [Member must have length less than or equal to 25, "
  + "Member must have length greater than or equal to 1]";
const TOO_MANY_KEYS = new RegExp(String.raw`^1 validation error detected: Value '\[.*' at 'requestItems\..*bhash\.member\.keys' `
  + "failed to satisfy constraint: Member must have length less than or equal to 100$");
const TOO_MANY_WRITES = new RegExp(String.raw`failed to satisfy constraint: Map value must satisfy constraint: `
  + String.raw`\[Member must have length less than or equal to 25, Member must have length greater than or equal to 1\]$`);
const key = (i: number): unknown => ({ a: S(String(i)) });
const get = (requests: unknown, more: object = {}): unknown => ({ RequestItems: requests, ...more });
const many = (count: number): unknown[] => Array.from({ length: count }, (_, i) => key(i));
const deletes = (count: number): unknown[] => many(count).map((Key) => ({ DeleteRequest: { Key } }));

const refused = refuses("request", [
  ["BatchGetItem", {}, "1 validation error detected: Value null at 'requestItems' failed to satisfy constraint: Member must not be null"],
  ["BatchGetItem", get({}), "1 validation error detected: Value '{}' at 'requestItems' failed to satisfy constraint: "
    + "Member must have length greater than or equal to 1"],
  ["BatchGetItem", get({ $bhash: {} }), "1 validation error detected: Value null at 'requestItems.$bhash.member.keys' failed to satisfy constraint: "
    + "Member must not be null"],
  ["BatchGetItem", get({ $bhash: { Keys: [] } }), "1 validation error detected: Value '[]' at 'requestItems.$bhash.member.keys' failed to satisfy "
    + "constraint: Member must have length greater than or equal to 1"],
  ["BatchGetItem", get({ $bhash: { Keys: many(101) } }), TOO_MANY_KEYS],
  ["BatchGetItem", get({ $bhash: { Keys: many(60) }, $brange: { Keys: many(60) } }), "Too many items requested for the BatchGetItem call"],
  ["BatchGetItem", get({ $bhash: { Keys: [key(1), key(1)] } }), TWICE],
  ["BatchGetItem", get({ $bhash: { Keys: [{}] } }), MISMATCH],
  ["BatchGetItem", get({ $bhash: { Keys: [{ a: N(1) }] } }), MISMATCH],
  ["BatchGetItem", get({ $nope: { Keys: [key(1)] } }), NOT_FOUND, "ResourceNotFoundException"],
  ["BatchGetItem", get({ $bhash: { Keys: [key(1)], ProjectionExpression: "#x" } }),
    "Invalid ProjectionExpression: An expression attribute name used in the document path is not defined; attribute name: #x"],
  ["BatchGetItem", get({ $bhash: { Keys: [key(1)], ProjectionExpression: "a", AttributesToGet: ["a"] } }),
    "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {AttributesToGet} "
    + "Expression parameters: {ProjectionExpression}"],
  ["BatchWriteItem", {}, "1 validation error detected: Value null at 'requestItems' failed to satisfy constraint: Member must not be null"],
  ["BatchWriteItem", get({}), "1 validation error detected: Value '{}' at 'requestItems' failed to satisfy constraint: "
    + "Member must have length greater than or equal to 1"],
  ["BatchWriteItem", get({ $bhash: [] }), `1 validation error detected: Value '{$bhash=[]}' at 'requestItems' failed to satisfy constraint: ${LENGTHS}`],
  ["BatchWriteItem", get({ $bhash: deletes(26) }), TOO_MANY_WRITES],
  ["BatchWriteItem", get({ $bhash: deletes(13), $brange: deletes(13) }), "Too many items requested for the BatchWriteItem call"],
  ["BatchWriteItem", get({ $bhash: [{ PutRequest: { Item: key(1) } }, { DeleteRequest: { Key: key(1) } }] }), TWICE],
  ["BatchWriteItem", get({ $bhash: [{}] }), "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"],
  ["BatchWriteItem", get({ $bhash: [{ PutRequest: { Item: key(1) }, DeleteRequest: { Key: key(1) } }] }),
    "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"],
  ["BatchWriteItem", get({ $bhash: [{ PutRequest: {} }] }), "1 validation error detected: Value null at "
    + "'requestItems.$bhash.member.1.member.putRequest.item' failed to satisfy constraint: Member must not be null"],
  ["BatchWriteItem", get({ $bhash: [{ PutRequest: { Item: {} } }] }), "One or more parameter values were invalid: Missing the key a in the item"],
  ["BatchWriteItem", get({ $bhash: [{ DeleteRequest: { Key: { a: N(1) } } }] }), MISMATCH],
  ["BatchWriteItem", get({ $nope: deletes(1) }), NOT_FOUND, "ResourceNotFoundException"],
  ["BatchWriteItem", get({ $bhash: [{ PutRequest: { Item: { a: S("x"), b: S("x".repeat(409_600)) } } }] }),
    "Item size has exceeded the maximum allowed size"],
]);

const meaning = [
  does("BatchWriteItem", "puts and deletes in several tables", async (target) => {
    const { UnprocessedItems } = await target.ok("BatchWriteItem", get({
      $bhash: [1, 2, 3].map((i) => ({ PutRequest: { Item: { a: S(String(i)), v: N(i) } } })),
      $brange: [{ PutRequest: { Item: { a: S("r"), b: N(1) } } }],
    }));
    assert.deepEqual(UnprocessedItems, {});
    await target.ok("BatchWriteItem", get({ $bhash: [{ DeleteRequest: { Key: key(2) } }, { PutRequest: { Item: { a: S("4") } } }] }));
    const { Responses, UnprocessedKeys } = await target.ok("BatchGetItem", get({
      $bhash: { Keys: [1, 2, 3, 4, 5].map(key) }, $brange: { Keys: [{ a: S("r"), b: N("1.0") }], ConsistentRead: true },
    }));
    assert.deepEqual(UnprocessedKeys, {});
    const byKey = (x: any, y: any): number => (x.a.S < y.a.S ? -1 : 1);
    assert.deepEqual(Responses[target.name("bhash")].toSorted(byKey),
      [{ a: S("1"), v: N(1) }, { a: S("3"), v: N(3) }, { a: S("4") }]);
    assert.deepEqual(Responses[target.name("brange")], [{ a: S("r"), b: N(1) }]);
  }),
  answers("BatchGetItem", "projects, and says nothing of absent items", [
    ["PutItem", { TableName: "$bhash", Item: { a: S("pj"), v: N(1), w: N(2) } }, {}],
    ["BatchGetItem", get({ $bhash: { Keys: [{ a: S("pj") }, { a: S("absent") }], ProjectionExpression: "#w", ExpressionAttributeNames: { "#w": "w" } } }),
      { UnprocessedKeys: {} }],
    ["BatchGetItem", get({ $bhash: { Keys: [{ a: S("absent") }] } }), { UnprocessedKeys: {} }],
  ]),
  does("BatchGetItem", "a hundred keys, and 16 MB at most", async (target) => {
    for (let i = 0; i < 50; i++) {
      await target.ok("PutItem", { TableName: "$bhash", Item: { a: S(`big${i}`), x: S("x".repeat(390_000)) } });
    }
    const wanted = Array.from({ length: 50 }, (_, i) => ({ a: S(`big${i}`) }));
    const table = target.name("bhash");
    const seen = new Set<string>();
    let keys: unknown[] | undefined = wanted;
    let calls = 0;
    while (keys !== undefined) {
      const page: any = await target.ok("BatchGetItem", get({ [table]: { Keys: keys } }));
      for (const item of page.Responses[table]) seen.add(item.a.S);
      keys = page.UnprocessedKeys[table]?.Keys;
      assert.ok(++calls < 10);
    }
    assert.equal(seen.size, 50);
    assert.ok(calls > 1, "50 items of 390 KB are more than 16 MB");
    assert.deepEqual(inOrder([...seen].toSorted()), wanted.map(({ a }) => a.S).toSorted());
  }),
];

export const batches: Suite = {
  name: "batches",
  setup: async (target) => {
    await target.table("bhash", "a:S");
    await target.table("brange", "a:S", "b:N");
  },
  cases: [...refused, ...meaning],
};

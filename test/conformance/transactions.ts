// TransactWriteItems and TransactGetItems.
import { N, S, answers, does, refuses, type Suite } from "./suite.ts";
import assert from "node:assert/strict";
import type { Target } from "./target.ts";

const T = { TableName: "$xhash" };
const put = (a: string, more: object = {}, item: object = {}): unknown => ({ Put: { ...T, Item: { a: S(a), ...item }, ...more } });
const key = (a: string): unknown => ({ ...T, Key: { a: S(a) } });
const get = (a: string): unknown => ({ Get: key(a) });
const write = (...TransactItems: unknown[]): unknown => ({ TransactItems });
const CANCELLED = "Transaction cancelled, please refer cancellation reasons for specific reasons";
const LENGTH = "failed to satisfy constraint: Member must have length";

const refused = refuses("request", [
  ["TransactWriteItems", {}, "1 validation error detected: Value null at 'transactItems' failed to satisfy constraint: Member must not be null"],
  ["TransactWriteItems", write(), `1 validation error detected: Value '[]' at 'transactItems' ${LENGTH} greater than or equal to 1`],
  ["TransactGetItems", write(), `1 validation error detected: Value '[]' at 'transactItems' ${LENGTH} greater than or equal to 1`],
  ["TransactGetItems", write(...Array.from({ length: 101 }, (_, i) => get(String(i)))),
    /at 'transactItems' failed to satisfy constraint: Member must have length less than or equal to 100$/],
  ["TransactWriteItems", write(put("d"), put("d")), "Transaction request cannot include multiple operations on one item"],
  ["TransactWriteItems", write(put("d"), { ConditionCheck: { ...(key("d") as object), ConditionExpression: "attribute_exists(a)" } }),
    "Transaction request cannot include multiple operations on one item"],
  ["TransactGetItems", write({ Get: { TableName: "$nope", Key: { a: S("x") } } }), "Requested resource not found", "ResourceNotFoundException"],
  ["TransactWriteItems", write({ Delete: { TableName: "$nope", Key: { a: S("x") } } }), "Requested resource not found", "ResourceNotFoundException"],
  ["TransactWriteItems", write({ Update: { ...(key("u") as object) } }), "1 validation error detected: Value null at "
    + "'transactItems.1.member.update.updateExpression' failed to satisfy constraint: Member must not be null"],
]);

const meaning = [
  answers("TransactWriteItems", "puts, updates, deletes and checks in one", [
    ["PutItem", { ...T, Item: { a: S("gone") } }, {}], ["PutItem", { ...T, Item: { a: S("seen"), v: N(1) } }, {}],
    ["TransactWriteItems", write(
      put("made", { ConditionExpression: "attribute_not_exists(a)" }, { v: N(1) }),
      { Update: { ...(key("up") as object), UpdateExpression: "ADD n :n", ExpressionAttributeValues: { ":n": N(5) } } },
      { Delete: key("gone") },
      { ConditionCheck: { ...(key("seen") as object), ConditionExpression: "v = :v", ExpressionAttributeValues: { ":v": N(1) } } },
    ), { ConsumedCapacity: undefined }],
    ["TransactGetItems", write(get("made"), get("up"), get("gone"), get("seen")), {
      Responses: [{ Item: { a: S("made"), v: N(1) } }, { Item: { a: S("up"), n: N(5) } }, {}, { Item: { a: S("seen"), v: N(1) } }],
    }],
  ]),
  answers("TransactGetItems", "projects", [
    ["PutItem", { ...T, Item: { a: S("pr"), v: N(1), w: N(2) } }, {}],
    ["TransactGetItems", write({ Get: { ...(key("pr") as object), ProjectionExpression: "#w", ExpressionAttributeNames: { "#w": "w" } } }),
      { Responses: [{ Item: { w: N(2) } }] }],
  ]),
  does("TransactWriteItems", "a failed condition cancels all, with a reason for each", async (target) => {
    await target.ok("PutItem", { ...T, Item: { a: S("there"), v: N(1) } });
    const answer = await target.ask("TransactWriteItems", write(
      put("not-made"), put("there", { ConditionExpression: "attribute_not_exists(a)", ReturnValuesOnConditionCheckFailure: "ALL_OLD" }),
      { Delete: { ...(key("absent") as object), ConditionExpression: "attribute_exists(a)" } },
    ));
    assert.deepEqual([answer.status, answer.type], [400, "TransactionCanceledException"]);
    assert.equal(answer.message, `${CANCELLED} [None, ConditionalCheckFailed, ConditionalCheckFailed]`);
    const failed = { Code: "ConditionalCheckFailed", Message: "The conditional request failed" };
    assert.deepEqual(answer.json.CancellationReasons, [{ Code: "None" }, { ...failed, Item: { a: S("there"), v: N(1) } }, failed]);
    assert.equal("Item" in await target.ok("GetItem", key("not-made")), false);
  }),
  does("TransactWriteItems", "a key of the wrong shape is a reason, too", async (target) => {
    const answer = await target.ask("TransactWriteItems", write(put("fine"), { Delete: { ...T, Key: { a: N(1) } } }));
    assert.deepEqual([answer.status, answer.type], [400, "TransactionCanceledException"]);
    assert.equal(answer.message, `${CANCELLED} [None, ValidationError]`);
    assert.equal(answer.json.CancellationReasons[1].Message, "The provided key element does not match the schema");
    assert.equal("Item" in await target.ok("GetItem", key("fine")), false);
  }),
  does("TransactWriteItems", "a token makes a repetition harmless, and another request with it an error", async (target) => {
    const ClientRequestToken = `token-${target.prefix}`;
    const add = (n: number): unknown => ({
      ...(write({ Update: { ...(key("once") as object), UpdateExpression: "ADD n :n", ExpressionAttributeValues: { ":n": N(n) } } }) as object),
      ClientRequestToken,
    });
    await target.ok("TransactWriteItems", add(1));
    await target.ok("TransactWriteItems", add(1));
    assert.deepEqual((await target.ok("GetItem", key("once"))).Item, { a: S("once"), n: N(1) });
    const other = await target.ask("TransactWriteItems", add(2));
    assert.deepEqual([other.status, other.type], [400, "IdempotentParameterMismatchException"]);
  }),
  does("TransactWriteItems", "costs twice", async (target) => {
    const { ConsumedCapacity } = await target.ok("TransactWriteItems", {
      ...(write(put("c1", {}, { x: S("x".repeat(1500)) }), put("c2")) as object), ReturnConsumedCapacity: "TOTAL",
    });
    assert.deepEqual(ConsumedCapacity, [{ TableName: target.name("xhash"), CapacityUnits: 6, WriteCapacityUnits: 6 }]);
    const read = await target.ok("TransactGetItems", { ...(write(get("c1"), get("absent")) as object), ReturnConsumedCapacity: "TOTAL" });
    assert.deepEqual(read.ConsumedCapacity, [{ TableName: target.name("xhash"), CapacityUnits: 4, ReadCapacityUnits: 4 }]);
  }),
  does("ExecuteTransaction", "statements in one transaction", async (target) => {
    await target.ok("ExecuteTransaction", {
      TransactStatements: [
        { Statement: "INSERT INTO \"$xhash\" VALUE {'a': 'q1', 'v': 1}" }, { Statement: "INSERT INTO \"$xhash\" VALUE {'a': ?}", Parameters: [S("q2")] },
      ],
    });
    const { Responses } = await target.ok("ExecuteTransaction", {
      TransactStatements: [{ Statement: "SELECT * FROM \"$xhash\" WHERE a = 'q1'" }, { Statement: "SELECT * FROM \"$xhash\" WHERE a = 'none'" }],
    });
    assert.deepEqual(Responses, [{ Item: { a: S("q1"), v: N(1) } }, {}]);
    const twice = await target.ask("ExecuteTransaction", {
      TransactStatements: [{ Statement: "INSERT INTO \"$xhash\" VALUE {'a': 'q3'}" }, { Statement: "INSERT INTO \"$xhash\" VALUE {'a': 'q1'}" }],
    });
    assert.deepEqual([twice.status, twice.type], [400, "TransactionCanceledException"]);
    assert.equal(twice.message, `${CANCELLED} [None, DuplicateItem]`);
    assert.equal("Item" in await target.ok("GetItem", key("q3")), false);
  }),
  does("TransactWriteItems", "many clients moving between accounts lose and make nothing", transfers),
];

/** Ten accounts, clients that move amounts between them all at once: the sum stays, whatever is seen of it. */
async function transfers(target: Target): Promise<void> {
  const accounts = Array.from({ length: 10 }, (_, i) => `acc${i}`);
  for (const account of accounts) await target.ok("PutItem", { ...T, Item: { a: S(account), n: N(100) } });
  const move = (from: string, to: string, n: number): unknown => write(
    {
      Update: {
        ...(key(from) as object), UpdateExpression: "SET n = n - :n", ConditionExpression: "n >= :n", ExpressionAttributeValues: { ":n": N(n) },
      },
    },
    { Update: { ...(key(to) as object), UpdateExpression: "SET n = n + :n", ExpressionAttributeValues: { ":n": N(n) } } },
  );
  let done = 0;
  const client = async (seed: number): Promise<void> => {
    for (let i = 0; i < 15; i++) {
      const from = accounts[(seed * 7 + i * 3) % 10] as string;
      const to = accounts[(seed * 7 + i * 3 + 1 + ((seed + i) % 9)) % 10] as string;
      const answer = await target.ask("TransactWriteItems", move(from, to, 1 + ((seed * i) % 60)));
      if (answer.status === 200) done++;
      else assert.equal(answer.type, "TransactionCanceledException", answer.text);
      const read = await target.ask("TransactGetItems", write(...accounts.map(get)));
      if (read.status !== 200) continue;
      const sum = read.json.Responses.reduce((total: number, one: any) => total + Number(one.Item.n.N), 0);
      assert.equal(sum, 1000, "a transaction sees all of another, or nothing");
    }
  };
  await Promise.all(Array.from({ length: 8 }, (_, seed) => client(seed)));
  assert.ok(done > 0);
}

export const transactions: Suite = {
  name: "transactions", setup: (target) => target.table("xhash", "a:S"), cases: [...refused, ...meaning],
};

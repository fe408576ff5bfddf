// Whatever is sent, the answer is one well-formed answer below 500. Random JSON at every operation, and
// valid requests changed at random places.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Prng } from "../../base/prng.ts";
import { OPERATIONS } from "./operations.ts";
import { type Answer, AUTHORIZATION, NOW_TEXT, type TestApi, apiWithTables } from "./testkit.test.ts";

const SEED: number = Number(process.env["SEED"] ?? Date.now() % 1_000_000_000);
const TYPE = "application/x-amz-json-1.0";

/** Never a 5xx, always JSON with a type on failure. */
function checkAnswer(answer: Answer, about: () => string): void {
  assert.ok(answer.status === 200 || answer.status === 400, `${answer.status} ${answer.text}\n${about()}`);
  assert.equal(typeof answer.json, "object", about());
  if (answer.status === 400) assert.match(answer.json.__type, /^com\.amazon[\w.]*#\w+$/, about());
}

const TARGETS: readonly string[] = [...OPERATIONS.keys()];

const VALUES = {
  ":a": { S: "a" }, ":n": { N: "5" }, ":s": { SS: ["x", "y"] }, ":l": { L: [{ M: { q: { NULL: true } } }] },
};
/** One rich valid request per operation: what mutations start from. */
const VALID: Readonly<Record<string, unknown>> = {
  PutItem: {
    TableName: "hash-only", Item: { pk: { S: "a" }, ...VALUES }, ReturnValues: "ALL_OLD",
    ConditionExpression: "attribute_not_exists(#p) OR #p = :a", ExpressionAttributeNames: { "#p": "pk" },
    ExpressionAttributeValues: { ":a": { S: "a" } }, ReturnConsumedCapacity: "TOTAL",
  },
  GetItem: {
    TableName: "ranged", Key: { pk: { S: "a" }, sk: { N: "1" } }, ConsistentRead: true,
    ProjectionExpression: "#a.b[0], c", ExpressionAttributeNames: { "#a": "name" }, ReturnConsumedCapacity: "INDEXES",
  },
  UpdateItem: {
    TableName: "ranged", Key: { pk: { S: "a" }, sk: { N: "1" } }, ReturnValues: "UPDATED_NEW",
    UpdateExpression: "SET x = if_not_exists(x, :n) + :n, y = list_append(:l, :l) REMOVE z[2] ADD c :n DELETE s :s",
    ConditionExpression: "size(pk) < :n AND NOT contains(s, :a)", ExpressionAttributeValues: VALUES,
  },
  UpdateTable: {
    TableName: "hash-only", BillingMode: "PAY_PER_REQUEST", OnDemandThroughput: { MaxReadRequestUnits: 5 },
  },
  UpdateTimeToLive: { TableName: "hash-only", TimeToLiveSpecification: { Enabled: true, AttributeName: "ttl" } },
  DescribeTimeToLive: { TableName: "hash-only" },
  TagResource: {
    ResourceArn: "arn:aws:dynamodb:eu-west-1:000000000000:table/ranged", Tags: [{ Key: "a", Value: "b c" }],
  },
  UntagResource: { ResourceArn: "arn:aws:dynamodb:eu-west-1:000000000000:table/ranged", TagKeys: ["a"] },
  ListTagsOfResource: { ResourceArn: "arn:aws:dynamodb:eu-west-1:000000000000:table/ranged" },
  DeleteItem: {
    TableName: "hash-only", Key: { pk: { S: "a" } }, ConditionExpression: "pk BETWEEN :a AND :b",
    ExpressionAttributeValues: { ":a": { S: "a" }, ":b": { S: "b" } },
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  },
  Query: {
    TableName: "ranged", KeyConditionExpression: "pk = :a AND sk >= :n", FilterExpression: "x IN (:a, :n)", Limit: 2,
    ExpressionAttributeValues: { ":a": { S: "a" }, ":n": { N: "1" } }, ScanIndexForward: false,
    ExclusiveStartKey: { pk: { S: "a" }, sk: { N: "3" } }, Select: "COUNT",
  },
  Scan: {
    TableName: "ranged", FilterExpression: "attribute_type(x, :a)", ExpressionAttributeValues: { ":a": { S: "S" } },
    Segment: 1, TotalSegments: 3, ProjectionExpression: "pk, sk", Limit: 5,
  },
  BatchGetItem: {
    RequestItems: { "hash-only": { Keys: [{ pk: { S: "a" } }, { pk: { S: "b" } }], ProjectionExpression: "pk" } },
    ReturnConsumedCapacity: "TOTAL",
  },
  BatchWriteItem: {
    RequestItems: {
      "hash-only": [{ PutRequest: { Item: { pk: { S: "a" } } } }, { DeleteRequest: { Key: { pk: { S: "b" } } } }],
    },
  },
  ExecuteStatement: {
    Statement: "SELECT a, b.c[0] FROM ranged WHERE pk = ? AND sk IN [1, ?] AND NOT size(x) > 2 ORDER BY sk DESC",
    Parameters: [{ S: "a" }, { N: "2" }], Limit: 2, ConsistentRead: true, ReturnConsumedCapacity: "TOTAL",
  },
  BatchExecuteStatement: {
    Statements: [
      { Statement: "INSERT INTO \"hash-only\" VALUE {'pk': 'q', 'm': {'s': <<1, 2>>, 'l': [?, null]}}", Parameters: [{ S: "a" }] },
      { Statement: "UPDATE ranged SET n = n + 1 REMOVE b[0] WHERE pk = 'a' AND sk = 2 RETURNING ALL OLD *" },
      { Statement: "DELETE FROM ranged WHERE pk = 'a' AND sk = 4", ReturnValuesOnConditionCheckFailure: "ALL_OLD" },
    ],
    ReturnConsumedCapacity: "INDEXES",
  },
  CreateTable: {
    TableName: "new-table", KeySchema: [{ AttributeName: "a", KeyType: "HASH" }], BillingMode: "PROVISIONED",
    AttributeDefinitions: [{ AttributeName: "a", AttributeType: "S" }],
    ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 },
    Tags: [{ Key: "stator:partitions", Value: "3" }], StreamSpecification: { StreamEnabled: false },
  },
  DescribeTable: { TableName: "ranged" },
  DeleteTable: { TableName: "new-table" },
  ListTables: { Limit: 10, ExclusiveStartTableName: "abc" },
  DescribeLimits: {},
  DescribeEndpoints: {},
};

const ODD: readonly unknown[] = [
  null, true, 0, -1, 1.5, 1e308, -0, "", "a", ":a", "#p", "__proto__", "constructor", "toString",
  "\u0000", "\ud800", "😀",
  "x".repeat(3_000), "9".repeat(50), "1e999", "arn:aws:dynamodb:x:1:table/ranged", "arn:",
  [], {}, [[]], [null], { S: "a" },
  { N: "NaN" }, { B: "!" }, { M: null }, { L: [{}] }, { SS: [] }, { NULL: false }, { "": { S: "" } },
  "(", "a = ", "SET",
  "a.b[99999999999999999999]", "((((((((a))))))))", "NOT ".repeat(400),
];

const ODD_TEXTS: readonly string[] = ODD.filter((odd) => typeof odd === "string");

/** A fresh copy: mutations go on inside of what earlier ones have put in. */
function odd(prng: Prng): unknown {
  return JSON.parse(JSON.stringify(prng.pick(ODD)));
}

/** Changes one to four random places of a JSON value: a leaf or branch replaced, removed, moved or renamed. */
function mutated(value: unknown, prng: Prng): unknown {
  const copy = JSON.parse(JSON.stringify(value)) as unknown;
  for (let i = prng.between(1, 4); i > 0; i--) mutateOnce(copy, prng);
  return copy;
}

function mutateOnce(root: unknown, prng: Prng): void {
  let at = root as Record<string, unknown>;
  for (;;) {
    const keys = Object.keys(at);
    if (keys.length === 0) return;
    const key = prng.pick(keys);
    const inner = at[key];
    if (typeof inner === "object" && inner !== null && prng.chance(3, 4)) {
      at = inner as Record<string, unknown>;
      continue;
    }
    switch (prng.below(4)) {
      case 0: delete at[key]; return;
      case 1: {
        const name = prng.pick(ODD_TEXTS);
        const value: unknown = JSON.parse(JSON.stringify(inner));
        Object.defineProperty(at, name, { value, enumerable: true, configurable: true, writable: true });
        return;
      }
      case 2:
        if (typeof inner === "string") {
          const cut = prng.below(inner.length + 1);
          at[key] = inner.slice(0, cut) + prng.pick(ODD_TEXTS) + inner.slice(cut + prng.below(3));
          return;
        }
        at[key] = odd(prng);
        return;
      default: at[key] = odd(prng); return;
    }
  }
}

const WITH_VALID: readonly string[] = Object.keys(VALID);

function api(): TestApi {
  const made = apiWithTables();
  for (let sk = 1; sk < 6; sk++) {
    made.ask("PutItem", { TableName: "ranged", Item: { pk: { S: "a" }, sk: { N: `${sk}` } } });
  }
  return made;
}

test("the requests that mutations start from are valid", () => {
  const target = api();
  for (const operation of WITH_VALID) {
    const answer = target.ask(operation, VALID[operation]);
    const isConditionFailure = answer.json?.__type?.endsWith("#ConditionalCheckFailedException") as boolean | undefined;
    const isPathFailure = operation === "UpdateItem" && answer.json?.message !== undefined;
    assert.ok(answer.status === 200 || isConditionFailure || isPathFailure, `${operation}: ${answer.text}`);
  }
});

test("random JSON at every operation", (t) => {
  t.diagnostic(`seed ${SEED}`);
  const target = api();
  const members = [
    "TableName", "Key", "Item", "RequestItems", "KeySchema", "AttributeDefinitions", "ExpressionAttributeNames",
    "ExpressionAttributeValues", "ConditionExpression", "KeyConditionExpression", "Limit", "ExclusiveStartKey", "Tags",
  ];
  const json = fc.dictionary(fc.oneof(fc.constantFrom(...members), fc.string()), fc.jsonValue({ maxDepth: 4 }));
  fc.assert(fc.property(fc.constantFrom(...TARGETS), json, (operation, input) => {
    checkAnswer(target.ask(operation, input), () => `${operation} ${JSON.stringify(input)}`);
  }), { seed: SEED, numRuns: 3_000 });
});

test("valid requests changed at random", (t) => {
  t.diagnostic(`seed ${SEED}`);
  const prng = new Prng(SEED);
  let target = api();
  let goodCount = 0;
  const runs = 20_000;
  for (let i = 0; i < runs; i++) {
    if (i % 1_000 === 0) target = api();
    const operation = prng.pick(WITH_VALID);
    const input = mutated(VALID[operation], prng);
    const answer = target.ask(operation, input);
    checkAnswer(answer, () => `seed ${SEED} run ${i} ${operation} ${JSON.stringify(input)}`);
    if (answer.status === 200) goodCount++;
  }
  assert.ok(goodCount > runs / 100 && goodCount < runs, "mutations hit both sides");
});

test("bodies and headers changed byte by byte", (t) => {
  t.diagnostic(`seed ${SEED}`);
  const prng = new Prng(SEED);
  const target = apiWithTables({ credentials: [{ accessKeyId: "local", secretAccessKey: "x" }] });
  const open = api();
  for (let i = 0; i < 5_000; i++) {
    const operation = prng.pick(WITH_VALID);
    const body = Buffer.from(JSON.stringify(VALID[operation]));
    for (let k = prng.below(3); k > 0; k--) body[prng.below(body.length)] = prng.u32() & 255;
    const headers = ["Host", "h", "X-Amz-Target", `DynamoDB_20120810.${operation}`, "X-Amz-Date", NOW_TEXT,
      "Content-Type", TYPE, "Authorization", AUTHORIZATION];
    const which = prng.pick([5, 9]);
    const text = headers[which] as string;
    const at = prng.below(text.length + 1);
    const put = prng.pick(["", ",", "/", "=", " ", "Signature=", "\u00ff", "%"]);
    headers[which] = text.slice(0, at) + put + text.slice(at + prng.below(4));
    for (const one of [target, open]) {
      const answer = one.send("POST", prng.pick(["/", "/?", "/?X-Amz-Algorithm=%&", "/?a=b"]), headers, body);
      checkAnswer(answer, () => `seed ${SEED} run ${i} ${headers.join("|")} ${body.toString("latin1")}`);
    }
  }
});

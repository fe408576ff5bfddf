import assert from "node:assert/strict";
import { test } from "node:test";
import { type Refused, type TestApi, NOT_FOUND, apiWithTables, wrongAnswers } from "../testkit.test.ts";

const R = "ranged";
const n = (value: number): { N: string } => ({ N: String(value) });

/** Partition "a" with sort keys 1..10, partition "b" with 1..3. */
function filled(): TestApi {
  const api = apiWithTables();
  for (const [pk, count] of [["a", 10], ["b", 3]] as const) {
    for (let sk = 1; sk <= count; sk++) {
      api.ask("PutItem", { TableName: R, Item: { pk: { S: pk }, sk: n(sk), odd: { BOOL: sk % 2 === 1 } } });
    }
  }
  return api;
}

const inA = { TableName: R, KeyConditionExpression: "pk = :a", ExpressionAttributeValues: { ":a": { S: "a" } } };
const sks = (answer: { json: { Items: { sk: { N: string } }[] } }): number[] =>
  answer.json.Items.map((item) => Number(item.sk.N));

test("a query: all, backwards, a range, counted", () => {
  const api = filled();
  const all = api.ask("Query", inA);
  assert.deepEqual(sks(all), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  assert.deepEqual([all.json.Count, all.json.ScannedCount, all.json.LastEvaluatedKey], [10, 10, undefined]);
  assert.deepEqual(sks(api.ask("Query", { ...inA, ScanIndexForward: false })), [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
  const range = api.ask("Query", {
    TableName: R, KeyConditionExpression: "pk = :a AND sk BETWEEN :x AND :y",
    ExpressionAttributeValues: { ":a": { S: "a" }, ":x": n(3), ":y": n(5) },
  });
  assert.deepEqual(sks(range), [3, 4, 5]);
  const counted = api.ask("Query", { ...inA, Select: "COUNT", ReturnConsumedCapacity: "TOTAL" });
  assert.equal(counted.text, '{"Count":10,"ScannedCount":10,'
    + '"ConsumedCapacity":{"TableName":"ranged","CapacityUnits":0.5}}');
});

test("filter and projection", () => {
  const api = filled();
  const answer = api.ask("Query", {
    ...inA, FilterExpression: "odd = :t", ProjectionExpression: "sk", Limit: 4,
    ExpressionAttributeValues: { ...inA.ExpressionAttributeValues, ":t": { BOOL: true } },
  });
  assert.deepEqual(answer.json, {
    Items: [{ sk: n(1) }, { sk: n(3) }], Count: 2, ScannedCount: 4, LastEvaluatedKey: { pk: { S: "a" }, sk: n(4) },
  });
});

test("pages of a query and of a scan meet every item once", () => {
  const api = filled();
  for (const [operation, input, total] of [["Query", inA, 10], ["Scan", { TableName: R }, 13]] as const) {
    for (const Limit of [1, 3, 5, 20]) {
      const seen: string[] = [];
      let start: unknown;
      do {
        const page = api.ask(operation, { ...input, Limit, ExclusiveStartKey: start });
        assert.equal(page.status, 200, page.text);
        for (const item of page.json.Items) seen.push(`${item.pk.S}${item.sk.N}`);
        start = page.json.LastEvaluatedKey;
      } while (start !== undefined);
      assert.equal(seen.length, total);
      assert.equal(new Set(seen).size, total);
    }
  }
});

test("segments of a scan cover the table once, whatever their number", () => {
  const api = filled();
  for (const TotalSegments of [1, 2, 3, 7, 1_000]) {
    const seen: string[] = [];
    for (let Segment = 0; Segment < TotalSegments; Segment++) {
      const page = api.ask("Scan", { TableName: R, Segment, TotalSegments });
      for (const item of page.json.Items) seen.push(`${item.pk.S}${item.sk.N}`);
    }
    assert.equal(seen.length, 13, `${TotalSegments} segments`);
    assert.equal(new Set(seen).size, 13);
  }
  api.ask("Scan", { TableName: R, Segment: 999_999, TotalSegments: 1_000_000 });
  assert.ok(api.store.last?.kind === "scan" && api.store.last.toPoint === 2 ** 48);
});

test("refused pages", () => {
  const a = { ":a": { S: "a" } };
  const start = (pk: string, sk: number): object => ({ pk: { S: pk }, sk: n(sk) });
  const between = {
    TableName: R, KeyConditionExpression: "pk = :a AND sk > :x", ExpressionAttributeValues: { ...a, ":x": n(3) },
  };
  const scan = { TableName: R };
  const cases: Refused[] = [
    ["Query", scan, "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."],
    ["Query", { ...inA, TableName: "not-there" }, "Requested resource not found", NOT_FOUND],
    ["Query", { ...inA, IndexName: "byOdd" }, "The table does not have the specified index: byOdd"],
    ["Scan", { ...scan, IndexName: "byOdd" }, "The table does not have the specified index: byOdd"],
    ["Query", { ...scan, KeyConditionExpression: "sk = :a", ExpressionAttributeValues: { ":a": n(1) } },
      "Query condition missed key schema element: pk"],
    ["Query", { ...scan, KeyConditionExpression: "pk = :a", ExpressionAttributeValues: { ":a": n(1) } },
      "One or more parameter values were invalid: Condition parameter type does not match schema type"],
    ["Query", { ...inA, ExpressionAttributeValues: { ":a": { S: "" } } }, "One or more parameter values are not valid. "
      + "The AttributeValue for a key attribute cannot contain an empty string value. Key: pk"],
    ["Query", { ...inA, ExpressionAttributeValues: { ":a": { S: "x".repeat(2_049) } } },
      "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes"],
    ["Query", { ...inA, FilterExpression: "sk = :a" },
      "Filter Expression can only contain non-primary key attributes: Primary key attribute: sk"],
    ["Query", { ...inA, FilterExpression: "NOT (attribute_exists(x) OR size(pk) > :a)" },
      "Filter Expression can only contain non-primary key attributes: Primary key attribute: pk"],
    ["Query", { ...inA, Select: "SPECIFIC_ATTRIBUTES" },
      "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES"],
    ["Query", { ...inA, Select: "COUNT", ProjectionExpression: "sk" },
      "Cannot specify the ProjectionExpression when choosing to get only the Count"],
    ["Scan", { ...scan, Select: "ALL_ATTRIBUTES", ProjectionExpression: "sk" },
      "Cannot specify the ProjectionExpression when choosing to get ALL_ATTRIBUTES"],
    ["Query", { ...inA, Select: "ALL_PROJECTED_ATTRIBUTES" },
      "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"],
    ["Query", { ...inA, ExclusiveStartKey: { pk: { S: "a" } } },
      "Exclusive Start Key must have same size as table's key schema"],
    ["Query", { ...inA, ExclusiveStartKey: { pk: { S: "a" }, x: n(1) } }, "The provided starting key is invalid"],
    ["Query", { ...inA, ExclusiveStartKey: start("b", 1) },
      "The provided starting key is outside query boundaries based on provided conditions"],
    ["Query", { ...between, ExclusiveStartKey: start("a", 3) },
      "The provided starting key does not match the range key predicate"],
    ["Query", { ...inA, ExpressionAttributeValues: { ...a, ":z": n(1) } },
      "Value provided in ExpressionAttributeValues unused in expressions: keys: {:z}"],
    ["Query", { ...scan, KeyConditions: {} }, "Conditions can be of length 1 or 2 only"],
    ["Query", { ...scan, KeyConditions: { pk: { ComparisonOperator: "CONTAINS", AttributeValueList: [{ S: "a" }] } } },
      "Attempted conditional constraint is not an indexable operation"],
    ["Query", { ...scan, KeyConditions: { pk: { ComparisonOperator: "GT", AttributeValueList: [{ S: "a" }] } } },
      "Query key condition not supported"],
    ["Query", { ...scan, KeyConditions: { sk: { ComparisonOperator: "EQ", AttributeValueList: [n(1)] } } },
      "Query condition missed key schema element: pk"],
    ["Query", {
      ...scan, KeyConditions: { pk: { ComparisonOperator: "EQ", AttributeValueList: [{ S: "a" }] } },
      QueryFilter: { sk: { ComparisonOperator: "NOT_NULL" } },
    }, "QueryFilter can only contain non-primary key attributes: Primary key attribute: sk"],
    ["Scan", { ...scan, ExpressionAttributeValues: a },
      "ExpressionAttributeValues can only be specified when using expressions: FilterExpression is null"],
    ["Query", { ...scan, ProjectionExpression: "sk", ExpressionAttributeValues: a },
      "ExpressionAttributeValues can only be specified when using expressions: "
      + "FilterExpression and KeyConditionExpression are null"],
    ["Scan", { ...scan, Segment: 0 }, "The TotalSegments parameter is required but was not present in the request "
      + "when Segment parameter is present"],
    ["Scan", { ...scan, TotalSegments: 1 }, "The Segment parameter is required but was not present in the request "
      + "when parameter TotalSegments is present"],
    ["Scan", { ...scan, Segment: 4, TotalSegments: 4 }, "The Segment parameter is zero-based and must be less than "
      + "parameter TotalSegments: Segment: 4 is not less than TotalSegments: 4"],
    ["Scan", { ...scan, ExclusiveStartKey: { pk: { S: "a" } } },
      "The provided starting key is invalid: The provided key element does not match the schema"],
  ];
  assert.deepEqual(wrongAnswers(filled(), cases), []);
});

test("a scan's starting key must lie in its segment", () => {
  const api = filled();
  const answers = [0, 1, 2, 3].map((Segment) => api.ask("Scan", {
    TableName: R, Segment, TotalSegments: 4, ExclusiveStartKey: { pk: { S: "a" }, sk: n(1) },
  }));
  assert.equal(answers.filter((answer) => answer.status === 200).length, 1);
  const wrong = answers.findIndex((answer) => answer.status === 400);
  assert.equal(answers[wrong]?.json.message, "The provided starting key is invalid: Invalid ExclusiveStartKey. "
    + `Please use ExclusiveStartKey with correct Segment. TotalSegments: 4 Segment: ${wrong}`);
});

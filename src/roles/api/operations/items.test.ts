import assert from "node:assert/strict";
import { test } from "node:test";
import { type Refused, NOT_FOUND, SERIALIZATION, apiWithTables, wrongAnswers } from "../testkit.test.ts";

const T = "hash-only";
const KEY = { pk: { S: "a" } };
const FAILED = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException";

test("an item goes in and comes out", () => {
  const api = apiWithTables();
  const item = {
    pk: { S: "ä€😀" }, n: { N: "1.50" }, b: { B: "AAE=" }, t: { BOOL: true }, z: { NULL: true },
    l: { L: [{ S: "" }, { M: { x: { N: "1E2" } } }] }, ss: { SS: ["a", "b"] }, "__proto__x": { S: "y" },
  };
  const put = api.ask("PutItem", { TableName: T, Item: item });
  assert.deepEqual([put.status, put.text], [200, "{}"]);
  const got = api.ask("GetItem", { TableName: T, Key: { pk: item.pk } });
  const canonical = { ...item, n: { N: "1.5" }, l: { L: [{ S: "" }, { M: { x: { N: "100" } } }] } };
  assert.deepEqual(got.json, { Item: canonical });
});

test("an attribute may be called __proto__ at any level", () => {
  const api = apiWithTables();
  const item = '{"pk":{"S":"a"},"__proto__":{"S":"x"},"m":{"M":{"__proto__":{"N":"1.0"}}}}';
  assert.equal(api.ask("PutItem", `{"TableName":"${T}","Item":${item}}`).status, 200);
  const got = api.ask("GetItem", { TableName: T, Key: KEY });
  assert.deepEqual(got.json.Item, JSON.parse(item.replace("1.0", "1")));
});

test("GetItem: absent, projected, strong, by ARN, with capacity", () => {
  const api = apiWithTables();
  assert.equal(api.ask("GetItem", { TableName: T, Key: KEY }).text, "{}");
  api.ask("PutItem", { TableName: T, Item: { ...KEY, v: { N: "1" }, w: { S: "x".repeat(5_000) } } });
  const projected = api.ask("GetItem", {
    TableName: T, Key: KEY, ProjectionExpression: "#v", ExpressionAttributeNames: { "#v": "v" },
  });
  assert.deepEqual(projected.json, { Item: { v: { N: "1" } } });
  assert.deepEqual(api.ask("GetItem", { TableName: T, Key: KEY, ProjectionExpression: "nothing" }).json, { Item: {} });
  const arn = `arn:aws:dynamodb:eu-west-1:000000000000:table/${T}`;
  const counted = api.ask("GetItem", {
    TableName: arn, Key: KEY, ConsistentRead: true, ReturnConsumedCapacity: "INDEXES", ProjectionExpression: "v",
  });
  assert.deepEqual(counted.json.ConsumedCapacity, { TableName: arn, CapacityUnits: 2, Table: { CapacityUnits: 2 } });
  const absent = api.ask("GetItem", { TableName: T, Key: { pk: { S: "no" } }, ReturnConsumedCapacity: "TOTAL" });
  assert.equal(absent.text, `{"ConsumedCapacity":{"TableName":"${T}","CapacityUnits":0.5}}`);
});

test("conditions, and the item of a failed one", () => {
  const api = apiWithTables();
  const put = (more: object): ReturnType<typeof api.ask> =>
    api.ask("PutItem", { TableName: T, Item: { ...KEY, v: { N: "1" } }, ...more });
  assert.equal(put({ ConditionExpression: "attribute_not_exists(pk)" }).status, 200);
  const failed = put({ ConditionExpression: "attribute_not_exists(pk)" });
  assert.equal(failed.status, 400);
  assert.deepEqual(failed.json, { __type: FAILED, message: "The conditional request failed" });
  const withItem = put({
    ConditionExpression: "v = :two", ExpressionAttributeValues: { ":two": { N: "2" } },
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  });
  assert.deepEqual(withItem.json.Item, { ...KEY, v: { N: "1" } });
});

test("ReturnValues of put, update and delete", () => {
  const api = apiWithTables();
  api.ask("PutItem", { TableName: T, Item: { ...KEY, v: { N: "1" }, w: { S: "x" } } });
  const update = (returns: string): unknown => api.ask("UpdateItem", {
    TableName: T, Key: KEY, UpdateExpression: "ADD v :one", ExpressionAttributeValues: { ":one": { N: "1" } },
    ReturnValues: returns,
  }).json;
  assert.deepEqual(update("NONE"), {});
  assert.deepEqual(update("UPDATED_NEW"), { Attributes: { v: { N: "3" } } });
  assert.deepEqual(update("UPDATED_OLD"), { Attributes: { v: { N: "3" } } });
  assert.deepEqual(update("ALL_NEW"), { Attributes: { ...KEY, v: { N: "5" }, w: { S: "x" } } });
  assert.deepEqual(update("ALL_OLD"), { Attributes: { ...KEY, v: { N: "5" }, w: { S: "x" } } });
  const put = api.ask("PutItem", { TableName: T, Item: KEY, ReturnValues: "ALL_OLD", ReturnConsumedCapacity: "TOTAL" });
  assert.deepEqual(put.json, {
    Attributes: { ...KEY, v: { N: "6" }, w: { S: "x" } }, ConsumedCapacity: { TableName: T, CapacityUnits: 1 },
  });
  const gone = api.ask("DeleteItem", { TableName: T, Key: KEY, ReturnValues: "ALL_OLD" });
  assert.deepEqual(gone.json, { Attributes: KEY });
  assert.equal(api.ask("DeleteItem", { TableName: T, Key: KEY, ReturnValues: "ALL_OLD" }).text, "{}");
});

test("an update without an expression creates the item", () => {
  const api = apiWithTables();
  assert.equal(api.ask("UpdateItem", { TableName: T, Key: KEY }).text, "{}");
  assert.deepEqual(api.ask("GetItem", { TableName: T, Key: KEY }).json, { Item: KEY });
});

test("structure: JSON types", () => {
  const cases: Refused[] = [
    ["GetItem", { TableName: 1 }, "NUMBER_VALUE cannot be converted to String", SERIALIZATION],
    ["GetItem", { TableName: 1.5 }, "DECIMAL_VALUE cannot be converted to String", SERIALIZATION],
    ["GetItem", { TableName: true }, "TRUE_VALUE cannot be converted to String", SERIALIZATION],
    ["GetItem", { TableName: [] }, "Unrecognized collection type class java.lang.String", SERIALIZATION],
    ["GetItem", { TableName: {} }, "Start of structure or map found where not expected", SERIALIZATION],
    ["GetItem", { ConsistentRead: "yes" }, "Unexpected token received from parser", SERIALIZATION],
    ["GetItem", { ConsistentRead: 1 }, "NUMBER_VALUE cannot be converted to Boolean", SERIALIZATION],
    ["GetItem", { Key: "a" }, "Unexpected field type", SERIALIZATION],
    ["GetItem", { Key: { pk: "a" } }, "Unexpected value type in payload", SERIALIZATION],
    ["GetItem", { Key: { pk: { S: 1 } } }, "NUMBER_VALUE cannot be converted to String", SERIALIZATION],
    ["GetItem", { ExpressionAttributeNames: [] }, 
      "Unrecognized collection type java.util.Map<java.lang.String, java.lang.String>", SERIALIZATION],
    ["PutItem", { Item: [] }, "Unrecognized collection type java.util.Map<java.lang.String, "
      + "com.amazonaws.dynamodb.v20120810.AttributeValue>", SERIALIZATION],
    ["Scan", { Limit: "1" }, "STRING_VALUE cannot be converted to Integer", SERIALIZATION],
    ["Scan", { Limit: 1e10 }, "Numeric value (10000000000) out of range of int", SERIALIZATION],
  ];
  assert.deepEqual(wrongAnswers(apiWithTables(), cases), []);
});

test("structure: constraints, told together", () => {
  const at = (value: string, path: string, text: string): string =>
    `Value ${value} at '${path}' failed to satisfy constraint: ${text}`;
  const one = (value: string, path: string, text: string): string =>
    `1 validation error detected: ${at(value, path, text)}`;
  const returns = "Member must satisfy enum value set: [ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]";
  const cases: Refused[] = [
    ["GetItem", {}, `2 validation errors detected: ${at("null", "tableName", "Member must not be null")}; `
      + at("null", "key", "Member must not be null")],
    ["GetItem", { TableName: null, Key: KEY }, one("null", "tableName", "Member must not be null")],
    ["GetItem", { TableName: "", Key: KEY },
      one("''", "tableName", "Member must have length greater than or equal to 1")],
    ["GetItem", { TableName: "ab", Key: KEY },
      one("'ab'", "tableName", "Member must have length greater than or equal to 3")],
    ["GetItem", { TableName: "a;b", Key: KEY },
      one("'a;b'", "tableName", "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+")],
    ["GetItem", { TableName: "x".repeat(256), Key: KEY },
      one(`'${"x".repeat(256)}'`, "tableName", "Member must have length less than or equal to 255")],
    ["GetItem", { TableName: "arn:aws:s3:::bucket", Key: KEY },
      one("'arn:aws:s3:::bucket'", "tableName", "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+")],
    ["PutItem", { TableName: T, Item: KEY, ReturnValues: "ALL" }, one("'ALL'", "returnValues", returns)],
    ["PutItem", { TableName: T, Item: KEY, ReturnConsumedCapacity: "x", ReturnItemCollectionMetrics: "y" },
      `2 validation errors detected: ${at("'x'", "returnConsumedCapacity",
        "Member must satisfy enum value set: [INDEXES, TOTAL, NONE]")}; `
      + at("'y'", "returnItemCollectionMetrics", "Member must satisfy enum value set: [SIZE, NONE]")],
    ["GetItem", { TableName: T, Key: KEY, AttributesToGet: [] },
      one("'[]'", "attributesToGet", "Member must have length greater than or equal to 1")],
    ["Scan", { TableName: T, Limit: 0 }, one("'0'", "limit", "Member must have value greater than or equal to 1")],
    ["Scan", { TableName: T, Segment: -1, TotalSegments: 1_000_001 },
      `2 validation errors detected: ${at("'1000001'", "totalSegments",
        "Member must have value less than or equal to 1000000")}; `
      + at("'-1'", "segment", "Member must have value greater than or equal to 0")],
  ];
  assert.deepEqual(wrongAnswers(apiWithTables(), cases), []);
});

test("meaning: parameters of expressions", () => {
  const put = { TableName: T, Item: KEY };
  const update = { TableName: T, Key: KEY };
  const v = { ":v": { S: "x" } };
  const cases: Refused[] = [
    ["GetItem", { ...update, ExpressionAttributeNames: { "#a": "b" } },
      "ExpressionAttributeNames can only be specified when using expressions"],
    ["PutItem", { ...put, ExpressionAttributeValues: v },
      "ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null"],
    ["UpdateItem", { ...update, ExpressionAttributeValues: v }, "ExpressionAttributeValues can only be specified "
      + "when using expressions: UpdateExpression and ConditionExpression are null"],
    ["PutItem", { ...put, ConditionExpression: "a = :v", ExpressionAttributeValues: {} },
      "ExpressionAttributeValues must not be empty"],
    ["PutItem", { ...put, ConditionExpression: "a = b", ExpressionAttributeNames: {} },
      "ExpressionAttributeNames must not be empty"],
    ["PutItem", { ...put, ConditionExpression: "a = b", ExpressionAttributeNames: { a: "b" } },
      'ExpressionAttributeNames contains invalid key: Syntax error; key: "a"'],
    ["PutItem", { ...put, ConditionExpression: "a = b", ExpressionAttributeValues: { v: { S: "x" } } },
      'ExpressionAttributeValues contains invalid key: Syntax error; key: "v"'],
    ["PutItem", { ...put, ConditionExpression: "a = :v", ExpressionAttributeValues: { ":v": {} } },
      "ExpressionAttributeValues contains invalid value: Supplied AttributeValue is empty, "
      + "must contain exactly one of the supported datatypes for key :v"],
    ["PutItem", { ...put, ConditionExpression: "" }, "Invalid ConditionExpression: The expression can not be empty;"],
    ["PutItem", { ...put, ConditionExpression: "a = b", ExpressionAttributeValues: v },
      "Value provided in ExpressionAttributeValues unused in expressions: keys: {:v}"],
    ["PutItem", { ...put, ConditionExpression: "a = b", ExpressionAttributeNames: { "#n": "x" } },
      "Value provided in ExpressionAttributeNames unused in expressions: keys: {#n}"],
    ["PutItem", { ...put, ReturnValues: "ALL_NEW" }, "ReturnValues can only be ALL_OLD or NONE"],
    ["DeleteItem", { ...update, ReturnValues: "UPDATED_OLD" }, "ReturnValues can only be ALL_OLD or NONE"],
    ["UpdateItem", { ...update, UpdateExpression: "SET pk = :v", ExpressionAttributeValues: v },
      "One or more parameter values were invalid: Cannot update attribute pk. This attribute is part of the key"],
    ["UpdateItem", { ...update, UpdateExpression: "REMOVE pk" },
      "One or more parameter values were invalid: Cannot update attribute pk. This attribute is part of the key"],
    ["GetItem", { ...update, AttributesToGet: ["a"], ProjectionExpression: "b" },
      "Can not use both expression and non-expression parameters in the same request: "
      + "Non-expression parameters: {AttributesToGet} Expression parameters: {ProjectionExpression}"],
  ];
  assert.deepEqual(wrongAnswers(apiWithTables(), cases), []);
});

test("meaning: parameters from before expressions", () => {
  const put = { TableName: T, Item: { pk: { S: "a" } } };
  const update = { TableName: T, Key: KEY };
  const invalid = "One or more parameter values were invalid: ";
  const expect = (expected: object, text: string): Refused => ["PutItem", { ...put, Expected: { x: expected } }, text];
  const change = (changed: object, text: string): Refused => (
    ["UpdateItem", { ...update, AttributeUpdates: { x: changed } }, text]
  );
  const s = { S: "v" };
  const cases: Refused[] = [
    ["GetItem", { ...update, AttributesToGet: ["a", "b", "a"] }, `${invalid}Duplicate value in attribute name: a`],
    ["PutItem", { ...put, ConditionalOperator: "OR" }, "ConditionalOperator cannot be used without Filter or Expected"],
    ["PutItem", { ...put, ConditionalOperator: "OR", Expected: { x: { Value: s } } },
      "ConditionalOperator can only be used when Filter or Expected has two or more elements"],
    ["DeleteItem", { ...update, Expected: { x: {} } },
      `${invalid}Value must be provided when Exists is null for Attribute: x`],
    expect({ Exists: true }, `${invalid}Value must be provided when Exists is true for Attribute: x`),
    expect({ Exists: false, Value: s }, `${invalid}Value cannot be used when Exists is false for Attribute: x`),
    expect({ AttributeValueList: [s] },
      `${invalid}AttributeValueList can only be used with a ComparisonOperator for Attribute: x`),
    expect({ ComparisonOperator: "EQ", Exists: false },
      `${invalid}Exists and ComparisonOperator cannot be used together for Attribute: x`),
    expect({ ComparisonOperator: "EQ", Value: s, AttributeValueList: [s] },
      `${invalid}Value and AttributeValueList cannot be used together for Attribute: x`),
    expect({ ComparisonOperator: "BETWEEN", AttributeValueList: [s] },
      `${invalid}Invalid number of argument(s) for the BETWEEN ComparisonOperator`),
    expect({ ComparisonOperator: "NULL", AttributeValueList: [s] },
      `${invalid}Invalid number of argument(s) for the NULL ComparisonOperator`),
    expect({ ComparisonOperator: "LT", AttributeValueList: [{ L: [] }] },
      `${invalid}ComparisonOperator LT is not valid for L AttributeValue type`),
    expect({ ComparisonOperator: "BEGINS_WITH", AttributeValueList: [{ N: "1" }] },
      `${invalid}ComparisonOperator BEGINS_WITH is not valid for N AttributeValue type`),
    expect({ ComparisonOperator: "BETWEEN", AttributeValueList: [{ N: "2" }, { N: "1" }] },
      "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound"),
    expect({ ComparisonOperator: "IN", AttributeValueList: [{ N: "2" }, s] },
      `${invalid}AttributeValues inside AttributeValueList must be of same type`),
    expect({ ComparisonOperator: "EQ", AttributeValueList: [{}] },
      "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"),
    change({ Action: "PUT" }, `${invalid}Only DELETE action is allowed when no attribute value is specified`),
    change({ Action: "ADD", Value: s }, `${invalid}ADD action is not supported for the type S`),
    change({ Action: "DELETE", Value: s }, `${invalid}DELETE action with value is not supported for the type S`),
    ["UpdateItem", { ...update, AttributeUpdates: { pk: { Value: s } } },
      `${invalid}Cannot update attribute pk. This attribute is part of the key`],
    ["UpdateItem", { ...update, AttributeUpdates: {}, UpdateExpression: "REMOVE x" },
      "Can not use both expression and non-expression parameters in the same request: "
      + "Non-expression parameters: {AttributeUpdates} Expression parameters: {UpdateExpression}"],
  ];
  assert.deepEqual(wrongAnswers(apiWithTables(), cases), []);
});

test("meaning: tables, keys and sizes", () => {
  const mismatch = "The provided key element does not match the schema";
  const big = "x".repeat(410_000);
  const cases: Refused[] = [
    ["GetItem", { TableName: "not-there", Key: KEY }, "Requested resource not found", NOT_FOUND],
    ["PutItem", { TableName: "not-there", Item: { pk: { S: "a" }, v: {} } },
      "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"],
    ["GetItem", { TableName: T, Key: {} }, mismatch],
    ["GetItem", { TableName: T, Key: { x: { S: "a" } } }, mismatch],
    ["GetItem", { TableName: T, Key: { pk: { N: "1" } } }, mismatch],
    ["GetItem", { TableName: T, Key: { ...KEY, x: { S: "a" } } }, mismatch],
    ["DeleteItem", { TableName: "ranged", Key: KEY }, mismatch],
    ["GetItem", { TableName: T, Key: { pk: { S: "" } } }, "One or more parameter values are not valid. "
      + "The AttributeValue for a key attribute cannot contain an empty string value. Key: pk"],
    ["PutItem", { TableName: T, Item: {} },
      "One or more parameter values were invalid: Missing the key pk in the item"],
    ["PutItem", { TableName: "ranged", Item: { pk: { S: "a" }, sk: { S: "b" } } },
      "One or more parameter values were invalid: Type mismatch for key sk expected: N actual: S"],
    ["PutItem", { TableName: T, Item: { pk: { S: "x".repeat(2_049) } } },
      "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes"],
    ["PutItem", { TableName: T, Item: { ...KEY, big: { S: big } } }, "Item size has exceeded the maximum allowed size"],
    ["PutItem", { TableName: T, Item: { pk: { N: "abc" } } },
      "The parameter cannot be converted to a numeric value: abc"],
  ];
  const api = apiWithTables();
  assert.deepEqual(wrongAnswers(api, cases), []);
  const table = api.store.tables.get(T);
  assert.ok(table);
  api.store.tables.set(T, { ...table, status: "CREATING" });
  assert.equal(api.ask("GetItem", { TableName: T, Key: KEY }).status, 200);
  api.store.tables.set(T, { ...table, status: "DELETING" });
  assert.equal(api.ask("GetItem", { TableName: T, Key: KEY }).json.__type, NOT_FOUND);
});

// Through the SDK: commands, the document client, paginators, waiters, the classes of its errors.
import {
  BatchGetItemCommand, ConditionalCheckFailedException, CreateTableCommand, DeleteTableCommand, DescribeTableCommand, GetItemCommand,
  ListTablesCommand, PutItemCommand, ResourceInUseException, ResourceNotFoundException, paginateListTables, paginateQuery, paginateScan,
  waitUntilTableExists, waitUntilTableNotExists,
} from "@aws-sdk/client-dynamodb";
import {
  BatchWriteCommand, DeleteCommand, DynamoDBDocumentClient, ExecuteStatementCommand, GetCommand, NumberValue, PutCommand, QueryCommand, ScanCommand,
  UpdateCommand, paginateQuery as paginateDocuments,
} from "@aws-sdk/lib-dynamodb";
import assert from "node:assert/strict";
import { does, type Suite } from "./suite.ts";
import type { Target } from "./target.ts";

async function rejects(promise: Promise<unknown>, of: new (...input: any[]) => Error): Promise<any> {
  const error = await promise.then(() => null, (caught: unknown) => caught);
  assert.ok(error instanceof of, `${of.name} expected, got ${String(error)}`);
  return error;
}

async function lifeOfTable(target: Target): Promise<void> {
  const TableName = target.name("xwait");
  const { client } = target;
  const create = new CreateTableCommand({
    TableName, BillingMode: "PAY_PER_REQUEST", AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
  });
  const { TableDescription } = await client.send(create);
  assert.ok(TableDescription?.CreationDateTime instanceof Date);
  await waitUntilTableExists({ client, maxWaitTime: 60, minDelay: 1, maxDelay: 1 }, { TableName });
  await rejects(client.send(create), ResourceInUseException);
  await client.send(new DeleteTableCommand({ TableName }));
  await waitUntilTableNotExists({ client, maxWaitTime: 60, minDelay: 1, maxDelay: 1 }, { TableName });
  const missing = await rejects(client.send(new DescribeTableCommand({ TableName })), ResourceNotFoundException);
  assert.equal(missing.$metadata.httpStatusCode, 400);
  assert.ok(missing.$metadata.requestId.length > 20);
}

async function failedCondition(target: Target): Promise<void> {
  const TableName = target.name("xdoc");
  await target.client.send(new PutItemCommand({ TableName, Item: { a: { S: "c" }, b: { N: "1" }, bin: { B: new Uint8Array([1, 2]) } } }));
  const error = await rejects(target.client.send(new PutItemCommand({
    TableName, Item: { a: { S: "c" }, b: { N: "1" } }, ConditionExpression: "attribute_not_exists(a)",
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  })), ConditionalCheckFailedException);
  assert.deepEqual(error.Item.bin.B, new Uint8Array([1, 2]));
  const { Item } = await target.client.send(new GetItemCommand({ TableName, Key: { a: { S: "c" }, b: { N: "1" } } }));
  assert.deepEqual(Item?.["bin"], { B: new Uint8Array([1, 2]) });
  const batch = await target.client.send(new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys: [{ a: { S: "c" }, b: { N: "1" } }] } } }));
  assert.equal(batch.Responses?.[TableName]?.length, 1);
}

async function documents(target: Target): Promise<void> {
  const TableName = target.name("xdoc");
  const client = DynamoDBDocumentClient.from(target.client, { marshallOptions: { removeUndefinedValues: true } });
  const item = {
    a: "doc", b: 1, text: "ü", big: NumberValue.from("12345678901234567890.123"), set: new Set(["x", "y"]), list: [1, "two", null, true],
    map: { deep: { er: [] } }, bin: new Uint8Array([0, 255]),
  };
  await client.send(new PutCommand({ TableName, Item: item }));
  const other = target.connect();
  const wrapping = DynamoDBDocumentClient.from(other, { unmarshallOptions: { wrapNumbers: true } });
  const { Item: wrapped } = await wrapping.send(new GetCommand({ TableName, Key: { a: "doc", b: 1 } }));
  assert.equal(String(wrapped?.["big"].value ?? wrapped?.["big"]), "12345678901234567890.123");
  other.destroy();
  const { Attributes } = await client.send(new UpdateCommand({
    TableName, Key: { a: "doc", b: 1 }, UpdateExpression: "SET #l = list_append(#l, :l) REMOVE big", ExpressionAttributeNames: { "#l": "list" },
    ExpressionAttributeValues: { ":l": ["end"] }, ReturnValues: "ALL_NEW",
  }));
  assert.deepEqual(Attributes, Object.fromEntries(
    Object.entries({ ...item, list: [...item.list, "end"] }).filter(([name]) => name !== "big"),
  ));
  await client.send(new BatchWriteCommand({
    RequestItems: { [TableName]: Array.from({ length: 25 }, (_, i) => ({ PutRequest: { Item: { a: "page", b: i } } })) },
  }));
  const seen: number[] = [];
  for await (const page of paginateDocuments({ client, pageSize: 4 }, {
    TableName, KeyConditionExpression: "a = :a", ExpressionAttributeValues: { ":a": "page" },
  })) for (const one of page.Items ?? []) seen.push(one["b"] as number);
  assert.deepEqual(seen, Array.from({ length: 25 }, (_, i) => i));
  const last = await client.send(new QueryCommand({
    TableName, KeyConditionExpression: "a = :a", ExpressionAttributeValues: { ":a": "page" }, ScanIndexForward: false, Limit: 1,
  }));
  assert.deepEqual(last.Items, [{ a: "page", b: 24 }]);
  const statement = await client.send(new ExecuteStatementCommand({
    Statement: `SELECT b FROM "${TableName}" WHERE a = ? AND b < ?`, Parameters: ["page", 2],
  }));
  assert.deepEqual(statement.Items, [{ b: 0 }, { b: 1 }]);
  const { Attributes: old } = await client.send(new DeleteCommand({ TableName, Key: { a: "page", b: 3 }, ReturnValues: "ALL_OLD" }));
  assert.deepEqual(old, { a: "page", b: 3 });
  const scanned = await client.send(new ScanCommand({
    TableName, FilterExpression: "a = :a", ExpressionAttributeValues: { ":a": "page" }, Select: "COUNT",
  }));
  assert.equal(scanned.Count, 24);
}

async function pages(target: Target): Promise<void> {
  const TableName = target.name("xdoc");
  const { client } = target;
  for (let i = 0; i < 7; i++) await client.send(new PutItemCommand({ TableName, Item: { a: { S: "raw" }, b: { N: String(i) } } }));
  let count = 0;
  for await (const page of paginateQuery({ client, pageSize: 2 }, {
    TableName, KeyConditionExpression: "a = :a", ExpressionAttributeValues: { ":a": { S: "raw" } },
  })) count += page.Items?.length ?? 0;
  assert.equal(count, 7);
  let scanned = 0;
  for await (const page of paginateScan({ client, pageSize: 3 }, { TableName })) scanned += page.Items?.length ?? 0;
  assert.ok(scanned >= 7);
  const names: string[] = [];
  for await (const page of paginateListTables({ client, pageSize: 2 }, {})) names.push(...page.TableNames ?? []);
  assert.ok(names.includes(TableName));
  assert.deepEqual(names, [...new Set(names)].toSorted());
  assert.ok((await client.send(new ListTablesCommand({ Limit: 1 }))).TableNames?.length === 1);
}

export const sdk: Suite = {
  name: "sdk", setup: (target) => target.table("xdoc", "a:S", "b:N"),
  cases: [
    does("CreateTable", "waiters and errors", lifeOfTable), does("PutItem", "the item of a failed condition", failedCondition),
    does("Query", "the document client", documents), does("Scan", "paginators", pages),
  ],
};

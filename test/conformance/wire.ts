// What stands around the operations: targets, content types, headers, the health text.
import { S, does, type Suite } from "./suite.ts";
import assert from "node:assert/strict";
import type { Target } from "./target.ts";

const JSON_1_0 = "application/x-amz-json-1.0";

async function headers(target: Target): Promise<void> {
  const answer = await target.ask("ListTables", {});
  assert.equal(answer.headers.get("content-type"), JSON_1_0);
  assert.match(answer.headers.get("x-amzn-requestid") ?? "", /^[0-9A-Z]{52}$/);
  assert.match(answer.headers.get("x-amz-crc32") ?? "", /^\d+$/);
  const other = await target.ask("ListTables", {});
  assert.notEqual(other.headers.get("x-amzn-requestid"), answer.headers.get("x-amzn-requestid"));
}

async function errors(target: Target): Promise<void> {
  const refused = await target.ask("GetItem", { TableName: "$wnope", Key: { a: S("x") } });
  assert.equal(refused.json.__type, "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException");
  assert.equal(refused.headers.get("content-type"), JSON_1_0);
  const invalid = await target.ask("GetItem", {});
  assert.equal(invalid.json.__type, "com.amazon.coral.validate#ValidationException");
  const unknown = await target.ask("Nonsense", {});
  assert.deepEqual([unknown.status, unknown.json.__type], [400, "com.amazon.coral.service#UnknownOperationException"]);
  const broken = await target.ask("GetItem", "{");
  assert.deepEqual([broken.status, broken.json.__type], [400, "com.amazon.coral.service#SerializationException"]);
  for (const body of ["", "[]", "1", '"x"', "null"]) {
    const answer = await target.ask("ListTables", body);
    assert.ok(answer.status === 400 || (answer.status === 200 && body === ""), `${body}: ${answer.text}`);
  }
}

async function contentTypes(target: Target): Promise<void> {
  const plain = await target.ask("ListTables", {}, { "content-type": "application/json" });
  assert.deepEqual([plain.status, plain.headers.get("content-type")], [200, "application/json"]);
  const odd = await target.ask("ListTables", {}, { "content-type": "text/plain" });
  assert.equal(odd.status, 404);
}

async function health(target: Target): Promise<void> {
  const response = await fetch(`${target.options.endpoint}/`);
  assert.equal(response.status, 200);
  assert.match(await response.text(), /^healthy: dynamodb\.[a-z0-9-]+\.amazonaws\.com/);
}

async function unknownMembers(target: Target): Promise<void> {
  await target.ok("PutItem", { TableName: "$whash", Item: { a: S("x") }, Nonsense: { deep: [1] }, ReturnValues: null, ConditionExpression: null });
  const { Item } = await target.ok("GetItem", { TableName: "$whash", Key: { a: { S: "x", N: null } }, ConsistentRead: null });
  assert.deepEqual(Item, { a: S("x") });
}

export const wire: Suite = {
  name: "wire", setup: (target) => target.table("whash", "a:S"),
  cases: [
    does("ListTables", "headers of an answer", headers), does("GetItem", "types of errors", errors), does("ListTables", "content types", contentTypes),
    does("ListTables", "health", health), does("PutItem", "members that are unknown or null are passed over", unknownMembers),
  ],
};

import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import type { Refusal } from "../../model/operation.ts";
import { AssertionError } from "../../base/assert.ts";
import { OPERATIONS } from "./operations.ts";
import { type Answer, AUTHORIZATION, NOW_TEXT, SERIALIZATION, TestApi, apiWithTables } from "./testkit.test.ts";

const TYPE = "application/x-amz-json-1.0";

function headers(
  target: string | null, contentType: string | null = TYPE, authorization: string | null = AUTHORIZATION,
): string[] {
  const list = ["host", "localhost", "X-Amz-Date", NOW_TEXT];
  if (target !== null) list.push("x-amz-target", target);
  if (contentType !== null) list.push("content-type", contentType);
  if (authorization !== null) list.push("authorization", authorization);
  return list;
}

test("health text and probes", () => {
  const api = new TestApi({ health: () => ({ live: true, ready: false, detail: "starting" }) });
  const root = api.send("GET", "/", [], "");
  assert.equal(root.status, 200);
  assert.equal(root.text, "healthy: dynamodb.us-east-1.amazonaws.com ");
  assert.equal(root.headers["x-amz-crc32"], "3128867991");
  assert.equal(api.send("GET", "/healthz", [], "").status, 200);
  const ready = api.send("GET", "/readyz?x=1", [], "");
  assert.equal(ready.status, 503);
  assert.deepEqual(ready.json, { ready: false, detail: "starting" });
});

test("wrong path, method or content type is outside the protocol", () => {
  const api = apiWithTables();
  const target = "DynamoDB_20120810.ListTables";
  const cases: readonly (readonly [string, string, string[]])[] = [
    ["POST", "/x", headers(target)], ["PUT", "/", headers(target)], ["DELETE", "/", headers(target)],
    ["GET", "/nothing", []], ["OPTIONS", "*", []],
    ["POST", "/", headers(target, null)], ["POST", "/", headers(target, "text/plain")],
    ["POST", "/", headers(target, "application/x-www-form-urlencoded")],
  ];
  for (const [method, path, list] of cases) {
    const answer = api.send(method, path, list, "{}");
    assert.equal(answer.status, 404, `${method} ${path}`);
    assert.equal(answer.text, "<UnknownOperationException/>\n");
    assert.equal(answer.headers["x-amz-crc32"], "3552371480");
  }
});

test("the answer has the content type asked with", () => {
  const api = apiWithTables();
  const target = "DynamoDB_20120810.ListTables";
  assert.equal(api.send("POST", "/", headers(target, "application/json"), "{}").contentType, "application/json");
  const parameterised = api.send("POST", "/", headers(target, "Application/X-Amz-Json-1.0; charset=utf-8"), "{}");
  assert.equal(parameterised.contentType, TYPE);
  assert.equal(parameterised.status, 200);
});

test("every answer has a request id and the checksum of its bytes", () => {
  const api = apiWithTables();
  const seen = new Set<string>();
  for (let i = 0; i < 100; i++) {
    const answer = api.ask(i % 2 === 0 ? "ListTables" : "GetItem", {});
    const id = answer.headers["x-amzn-requestid"] as string;
    assert.match(id, /^[0-9A-V]{52}$/);
    seen.add(id);
    assert.equal(answer.headers["x-amz-crc32"], String(crc32(answer.text)));
  }
  assert.equal(seen.size, 100);
});

test("bodies that are no JSON object", () => {
  const api = apiWithTables();
  const deep = "[".repeat(1_000_000);
  const bodies: readonly (string | Uint8Array)[] = [
    "", "nothing", "[]", "null", "1", '"a"', "{", "{}}", '{"a":}', new Uint8Array([0x7b, 0xff, 0x7d]),
    new Uint8Array([0x22, 0xc0, 0x80, 0x22]), `\ufeff{}`, deep, `{"Item":${deep}`, '{"a":'.repeat(300_000),
    `{"Item":${"[".repeat(400_000)}${"]".repeat(400_000)}}`,
  ];
  for (const body of bodies) {
    const answer = api.send("POST", "/", headers("DynamoDB_20120810.PutItem"), body);
    assert.equal(answer.status, 400);
    assert.equal(answer.text, `{"__type":"${SERIALIZATION}"}`);
  }
});

test("half a surrogate pair is no text; a whole pair is, however it is written", () => {
  const api = apiWithTables();
  const put = (escaped: string): Answer =>
    api.ask("PutItem", `{"TableName":"hash-only","Item":{"pk":{"S":"a"},"v":{"S":"${escaped}"}}}`);
  const halves = [
    "\\ud800", "\\udc00", "\\uD83Dx", "\\ud83d\\n\\ude00", "\\ud83d\\ud83d\\ude00", "\\ud83d\\ude00\\ude00",
  ];
  for (const half of halves) assert.equal(put(half).json.__type, SERIALIZATION, half);
  for (const whole of ["\\ud83d\\ude00", "x\\\\ud800", "\\uD83D\\uDE00\\ud83d\\ude00", "\\u00e9\\n", "😀"]) {
    assert.equal(put(whole).status, 200, whole);
    const got = api.ask("GetItem", { TableName: "hash-only", Key: { pk: { S: "a" } } });
    assert.equal(got.json.Item.v.S, JSON.parse(`"${whole}"`));
  }
});

test("deep values within a small body are told by the nesting limit", () => {
  const api = apiWithTables();
  for (const levels of [33, 500, 900]) {
    const value = `${'{"L":['.repeat(levels)}{"S":"x"}${"]}".repeat(levels)}`;
    const answer = api.ask("PutItem", `{"TableName":"hash-only","Item":{"pk":{"S":"a"},"v":${value}}}`);
    assert.equal(answer.json.message, "Nesting Levels have exceeded supported limits", `${levels} levels`);
  }
});

test("checks come in order: JSON, operation, signature, structure", () => {
  const api = apiWithTables();
  const target = "DynamoDB_20120810.GetItem";
  const name = (list: string[], body: string): string => {
    const type = api.send("POST", "/", list, body).json.__type as string;
    return type.slice(type.indexOf("#") + 1);
  };
  assert.equal(name(headers("Nothing", TYPE, null), "{"), "SerializationException");
  assert.equal(name(headers("Nothing", TYPE, null), "{}"), "UnknownOperationException");
  assert.equal(name(headers(null, TYPE, null), "{}"), "UnknownOperationException");
  assert.equal(name(headers("DynamoDB_20111205.GetItem"), "{}"), "UnknownOperationException");
  assert.equal(name(headers(target, TYPE, null), '{"TableName":1}'), "MissingAuthenticationTokenException");
  assert.equal(name(headers(target), '{"TableName":1}'), "SerializationException");
  assert.equal(name(headers(target), "{}"), "ValidationException");
  const unknown = api.send("POST", "/", headers("DynamoDB_20120810.Nothing"), "{}");
  assert.equal(unknown.text, '{"__type":"com.amazon.coral.service#UnknownOperationException"}');
});

test("all 66 operations check their input, and change nothing before they have", () => {
  const api = apiWithTables();
  assert.equal(OPERATIONS.size, 66);
  const free = ["DescribeLimits", "DescribeEndpoints", "ListTables", "ListBackups", "ListExports", "ListImports",
    "ListGlobalTables", "ListContributorInsights", "ListBulkOperations", "ListStreams"];
  for (const target of OPERATIONS.keys()) {
    if (free.includes(target.slice(target.indexOf(".") + 1))) continue;
    const answer = api.ask(target, {});
    assert.equal(answer.status, 400);
    assert.match(answer.text, /"com.amazon.coral.validate#ValidationException".*Member must not be null/, target);
    assert.equal(api.store.last, null);
  }
});

test("refusals of the cluster become DynamoDB's errors, with a retry hint where a retry helps", () => {
  const api = apiWithTables();
  const ask = (refusal: Refusal): Answer => {
    api.store.refuse = () => refusal;
    return api.ask("GetItem", { TableName: "hash-only", Key: { pk: { S: "a" } } });
  };
  const prefix = "com.amazonaws.dynamodb.v20120810#";
  const unavailable = ask({ kind: "unavailable", reason: "leader change" });
  assert.equal(unavailable.status, 500);
  assert.deepEqual(unavailable.json, { __type: `${prefix}InternalServerError`, message: "Internal server error" });
  assert.equal(unavailable.headers["x-amz-retry-after"], "50");
  const overloaded = ask({ kind: "overloaded", reason: "queue" });
  assert.equal(overloaded.status, 400);
  assert.equal(overloaded.json.__type, `${prefix}ThrottlingException`);
  assert.equal(overloaded.headers["x-amz-retry-after"], "100");
  assert.equal(ask({ kind: "table-not-found", name: "hash-only" }).json.message, "Requested resource not found");
  const invalid = ask({ kind: "invalid", message: "so" });
  assert.deepEqual([invalid.json.message, invalid.headers["x-amz-retry-after"]], ["so", undefined]);
  assert.equal(ask({ kind: "limit-exceeded", message: "many" }).json.__type, `${prefix}LimitExceededException`);
});

test("DescribeLimits and DescribeEndpoints", () => {
  const api = apiWithTables();
  assert.equal(api.ask("DescribeLimits", {}).json.TableMaxReadCapacityUnits, 40_000);
  assert.deepEqual(api.ask("DescribeEndpoints", {}).json, {
    Endpoints: [{ Address: "localhost:8000", CachePeriodInMinutes: 1440 }],
  });
});

test("a fault in the checks costs one request; an assertion, or a fault in execution, goes through", () => {
  const api = apiWithTables();
  const input = { TableName: "hash-only", Key: { pk: { S: "a" } } };
  const { store } = api;
  const failing = (error: Error): void => {
    store.tables.get = () => {
      throw error;
    };
  };
  failing(new TypeError("bug"));
  const answer = api.ask("GetItem", input);
  assert.deepEqual([answer.status, answer.json.message], [500, "Internal server error"]);
  assert.equal(api.events.at(-1), "error api a request's checks failed");
  failing(new AssertionError("impossible"));
  assert.throws(() => api.ask("GetItem", input), AssertionError);
  Reflect.deleteProperty(store.tables, "get");
  store.refuse = () => {
    throw new TypeError("bug below");
  };
  assert.throws(() => api.ask("GetItem", input), { message: "bug below" });
});

// The wire itself, and input that means harm: always a 4xx with a well-formed error, and the server lives on.
import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { QueryCommand } from "@aws-sdk/client-dynamodb";
import { AUTHORIZATION, N, S, Server, readAnswer, rejected } from "./kit.ts";

const T = "protocol";
let server: Server;
before(async () => {
  server = await Server.start();
  await server.table(T, "pk:S");
});
after(() => server.stop());

const NULLS = { __type: "com.amazon.coral.service#SerializationException" };

test("an answer's headers", async () => {
  const answer = await server.ask("ListTables", {});
  assert.equal(answer.headers.get("content-type"), "application/x-amz-json-1.0");
  assert.equal(answer.headers.get("content-length"), String(answer.text.length));
  const again = await server.ask("ListTables", {});
  assert.notEqual(again.headers.get("x-amzn-requestid"), answer.headers.get("x-amzn-requestid"));
  const failed = await server.ask("GetItem", {});
  assert.equal(failed.json.__type, "com.amazon.coral.validate#ValidationException");
  assert.match(failed.headers.get("x-amzn-requestid") ?? "", /^[0-9A-Z]{52}$/);
});

test("health, readiness, and what is not the protocol", async () => {
  const { endpoint } = server.cluster;
  const get = async (path: string): Promise<readonly [number, string]> => {
    const answer = await readAnswer(await fetch(endpoint + path));
    return [answer.status, answer.text];
  };
  assert.deepEqual(await get("/"), [200, "healthy: dynamodb.us-east-1.amazonaws.com "]);
  assert.deepEqual(await get("/healthz"), [200, "live\n"]);
  const [status, ready] = await get("/readyz");
  assert.deepEqual([status, JSON.parse(ready).ready], [200, true]);
  assert.equal((await get("/nowhere"))[0], 404);
  for (const method of ["PUT", "DELETE", "PATCH", "OPTIONS"]) {
    const { status: code } = await fetch(endpoint, { method });
    assert.ok(code >= 400 && code < 500, `${method}: ${code}`);
  }
});

test("operations that DynamoDB does not have are unknown", async () => {
  for (const target of [
    "Nonsense", "DynamoDB_20111205.GetItem", "DynamoDB_20120810.", "constructor", "__proto__", "DynamoDB_20120810.toString",
  ]) {
    const answer = await server.ask(target, {});
    assert.deepEqual([answer.status, answer.type], [400, "UnknownOperationException"], target);
  }
});

test("bodies that are no JSON object", async () => {
  for (const body of ["", "{", "[]", "null", "1", '"x"', "{}{}", "{'a':1}", '{"a":}', "\u0000", "{\"a\":1,}", "<xml/>", "{\"TableName\":\"\\ud800\"}"]) {
    const answer = await server.ask("ListTables", body);
    assert.deepEqual([answer.status, answer.json], [400, NULLS], JSON.stringify(body));
  }
  for (const bytes of [[0xff, 0xfe], [0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d], [0xc0, 0x80], [0xed, 0xa0, 0x80]]) {
    const answer = await server.ask("ListTables", Uint8Array.from(bytes));
    assert.deepEqual([answer.status, answer.json], [400, NULLS], String(bytes));
  }
});

test("wrong headers", async () => {
  const right = { "x-amz-target": "DynamoDB_20120810.ListTables", "content-type": "application/x-amz-json-1.0",
    authorization: AUTHORIZATION, "x-amz-date": "20260102T030405Z" };
  assert.equal((await server.send("{}", right)).status, 200);
  assert.equal((await server.send("{}", { ...right, "content-type": "application/json" })).status, 200);
  assert.equal((await server.send("{}", { ...right, "content-type": "text/plain" })).status, 404);
  assert.equal((await server.send("{}", right, "/other")).status, 404);
  const { authorization: _a, ...unsigned } = right;
  const missing = await server.send("{}", unsigned);
  assert.deepEqual([missing.status, missing.type], [400, "MissingAuthenticationTokenException"]);
  const { "x-amz-target": _t, ...untargeted } = right;
  assert.deepEqual((await server.send("{}", untargeted)).type, "UnknownOperationException");
  const garbled = await server.send("{}", { ...right, authorization: "AWS4-HMAC-SHA256 nonsense" });
  assert.equal(garbled.status, 400);
  assert.equal(garbled.type, "IncompleteSignatureException");
});

test("values of the wrong JSON type are told before all else", async () => {
  const cases: readonly (readonly [object, string])[] = [
    [{ TableName: 1 }, "NUMBER_VALUE cannot be converted to String"],
    [{ TableName: T, Item: "x" }, "Unexpected field type"],
    [{ TableName: T, Item: { pk: "x" } }, "Unexpected value type in payload"],
    [{ TableName: T, Item: { pk: { S: 1 } } }, "NUMBER_VALUE cannot be converted to String"],
    [{ TableName: T, Item: { pk: { N: 1 } } }, "NUMBER_VALUE cannot be converted to String"],
    [{ TableName: T, Item: { pk: { BOOL: "true" } } }, "Unexpected token received from parser"],
    [{ TableName: T, Item: { pk: { B: "not base64" } } }, "Base64 encoded length is expected a multiple of 4 bytes but found: 10"],
    [{ TableName: T, Item: { pk: { SS: "x" } } }, "Unexpected field type"],
    [{ TableName: T, Item: { pk: { L: {} } } }, "Start of structure or map found where not expected"],
  ];
  for (const [input, message] of cases) {
    const answer = await server.ask("PutItem", input);
    assert.deepEqual([answer.status, answer.type, answer.json.Message], [400, "SerializationException", message], JSON.stringify(input));
  }
});

test("values that no item may hold", async () => {
  const cases: readonly (readonly [unknown, string | RegExp])[] = [
    [{}, "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"],
    [{ S: "a", N: "1" }, /^Supplied AttributeValue has more than one datatypes set/],
    [{ NULL: false }, /Null attribute value types must have the value of true$/],
    [{ SS: [] }, /An string set {2}may not be empty$/],
    [{ NS: [] }, /An number set {2}may not be empty$/],
    [{ SS: ["a", "a"] }, /Input collection \[a, a\] contains duplicates\.$/],
    [{ NS: ["1", "1.0"] }, /Input collection contains duplicates/],
    [{ BS: ["AA==", "AA=="] }, /contains duplicates/],
    [{ X: "a" }, "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"],
  ];
  for (const [value, message] of cases) {
    const answer = await server.ask("PutItem", { TableName: T, Item: { pk: S("a"), v: value } });
    assert.deepEqual([answer.status, answer.type], [400, "ValidationException"], JSON.stringify(value));
    if (message instanceof RegExp) assert.match(answer.message ?? "", message);
    else assert.equal(answer.message, message);
  }
});

test("depth, length and size without end", async () => {
  const deepValue = `${'{"L":['.repeat(20_000)}{"S":"x"}${"]}".repeat(20_000)}`;
  const deepObject = `${'{"a":'.repeat(60_000)}1${"}".repeat(60_000)}`;
  const bodies: readonly (readonly [string, string])[] = [
    ["PutItem", `{"TableName":"${T}","Item":{"pk":{"S":"a"},"v":${deepValue}}}`],
    ["PutItem", deepObject],
    ["Query", JSON.stringify({ TableName: T, KeyConditionExpression: "(".repeat(4_000), ExpressionAttributeValues: { ":a": S("a") } })],
    ["Scan", JSON.stringify({ TableName: T, FilterExpression: `${"NOT ".repeat(900)} a = :a`, ExpressionAttributeValues: { ":a": S("a") } })],
    ["Scan", JSON.stringify({ TableName: T, FilterExpression: "a = :a OR ".repeat(100_000), ExpressionAttributeValues: { ":a": S("a") } })],
    ["Scan", JSON.stringify({ TableName: T, ProjectionExpression: `a${"[1]".repeat(1_300)}` })],
    ["Scan", JSON.stringify({ TableName: T, ProjectionExpression: "a[99999999999999999999]" })],
    ["Scan", JSON.stringify({ TableName: "x".repeat(1_000_000) })],
    ["Scan", `{"TableName":"${T}","Limit":1e400}`],
    ["Scan", `{"TableName":"${T}","Limit":99999999999999999999}`],
    ["Scan", `{"TableName":"${T}","Limit":-1}`],
    ["PutItem", JSON.stringify({ TableName: T, Item: { pk: S("a"), n: N("9".repeat(1_000_000)) } })],
    ["PutItem", JSON.stringify({ TableName: T, Item: { pk: S("a"), n: N(`1e${"9".repeat(100_000)}`) } })],
    ["PutItem", JSON.stringify({ TableName: T, Item: { pk: S("a"), ["n".repeat(70_000)]: N(1) } })],
    ["BatchGetItem", JSON.stringify({ RequestItems: { [T]: { Keys: Array.from({ length: 5_000 }, (_, i) => ({ pk: S(`${i}`) })) } } })],
  ];
  for (const [operation, body] of bodies) {
    const answer = await server.ask(operation, body);
    assert.ok(answer.status === 400, `${operation} ${body.slice(0, 80)}: ${answer.status} ${answer.text.slice(0, 200)}`);
    assert.ok(answer.text.length < 20_000);
  }
  await server.ok("ListTables", {});
});

test("a body of 17 MB is refused, not read", async () => {
  const answer = await rawRequest(`POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: DynamoDB_20120810.PutItem\r\n`
    + `Content-Type: application/x-amz-json-1.0\r\nContent-Length: ${17 * 1024 * 1024}\r\n\r\n`);
  assert.match(answer, /^HTTP\/1\.1 413 /);
  await server.ok("ListTables", {});
});

test("half a request and then nothing leaves the server as it was", async () => {
  const socket = connect(Number(new URL(server.cluster.endpoint).port), "127.0.0.1");
  socket.on("error", () => undefined);
  socket.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{\"TableName\":");
  await server.ok("ListTables", {});
  socket.destroy();
  for (const text of ["\r\n\r\n\r\n\r\nGARBAGE\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"]) {
    assert.match(await rawRequest(text), /^HTTP\/1\.1 (4|505)/);
  }
  await server.ok("ListTables", {});
});

test("errors come to the SDK as its typed exceptions", async () => {
  const { client } = server;
  const error = await rejected(client.send(new QueryCommand({ TableName: T })), "ValidationException");
  assert.equal(error.$metadata.httpStatusCode, 400);
  assert.match(error.$metadata.requestId, /^[0-9A-Z]{52}$/);
  const typed = await rejected(client.send(new QueryCommand({
    TableName: "missing", KeyConditionExpression: "pk = :p", ExpressionAttributeValues: { ":p": S("a") },
  })), "ResourceNotFoundException");
  assert.equal(typed.$fault, "client");
});

function rawRequest(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(server.cluster.endpoint).port), "127.0.0.1");
    let answer = "";
    socket.on("data", (chunk) => {
      answer += chunk.toString("latin1");
      if (answer.includes("\r\n\r\n")) socket.destroy();
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(answer));
    socket.write(text);
  });
}

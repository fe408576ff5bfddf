import assert from "node:assert/strict";
import { test } from "node:test";
import { AUTHORIZATION, NOW_TEXT, type TestApi, apiWithTables } from "./testkit.test.ts";

const PAGE = "https://app.example.com";
const ASKED = ["Origin", PAGE, "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "x-amz-target,x-b"];

function post(api: TestApi, ...more: string[]): ReturnType<TestApi["send"]> {
  return api.send("POST", "/", [
    "Host", "localhost:8000", "X-Amz-Target", "DynamoDB_20120810.ListTables", "X-Amz-Date", NOW_TEXT,
    "Content-Type", "application/x-amz-json-1.0", "Authorization", AUTHORIZATION, ...more,
  ], "{}");
}

function corsOf(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith("access-") || name === "vary"));
}

const EXPOSED = "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,x-amz-crc32,Date";

test("without leave nothing is said of other origins", () => {
  const api = apiWithTables();
  assert.equal(api.send("OPTIONS", "/", ASKED, "").status, 404);
  const answer = post(api, "Origin", PAGE);
  assert.equal(answer.status, 200);
  assert.deepEqual(corsOf(answer.headers), {});
});

test("all origins: the browser's question, answers and errors", () => {
  const api = apiWithTables({ cors: ["*"] });
  const asked = api.send("OPTIONS", "/", ASKED, "");
  assert.deepEqual([asked.status, asked.text], [200, ""]);
  assert.deepEqual(corsOf(asked.headers), {
    "access-control-allow-origin": "*", "access-control-expose-headers": EXPOSED,
    "access-control-allow-methods": "POST", "access-control-allow-headers": "x-amz-target,x-b",
    "access-control-max-age": "172800",
  });
  const both = { "access-control-allow-origin": "*", "access-control-expose-headers": EXPOSED };
  assert.deepEqual(corsOf(post(api, "Origin", PAGE).headers), both);
  const refused = api.send("POST", "/", ["Origin", PAGE, "Content-Type", "application/json"], "{");
  assert.equal(refused.status, 400);
  assert.deepEqual(corsOf(refused.headers), both);
  const outside = api.send("PUT", "/", ["Origin", PAGE], "");
  assert.equal(outside.status, 404);
  assert.deepEqual(corsOf(outside.headers), both);
  assert.deepEqual(corsOf(api.send("GET", "/", ["Origin", PAGE], "").headers), both);
  assert.deepEqual(corsOf(post(api).headers), {}, "not from a page");
  assert.equal(api.send("OPTIONS", "/", [], "").status, 404, "not from a page");
});

test("named origins: theirs is repeated, others learn nothing", () => {
  const api = apiWithTables({ cors: ["http://localhost:3000", PAGE] });
  const answer = post(api, "Origin", PAGE);
  assert.deepEqual(corsOf(answer.headers), {
    "access-control-allow-origin": PAGE, "access-control-expose-headers": EXPOSED, vary: "Origin",
  });
  for (const other of ["https://evil.example.com", "null", `${PAGE}.evil`, ""]) {
    assert.deepEqual(corsOf(post(api, "Origin", other).headers), { vary: "Origin" }, other);
    const asked = api.send("OPTIONS", "/", ["Origin", other, ...ASKED.slice(2)], "");
    assert.equal(asked.status, 200);
    assert.deepEqual(corsOf(asked.headers), { vary: "Origin" });
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32, deflateRawSync, deflateSync, gunzipSync, gzipSync } from "node:zlib";
import { Prng } from "../../base/prng.ts";
import { acceptsGzip } from "./codings.ts";
import { type Answer, AUTHORIZATION, NOW_TEXT, SERIALIZATION, type TestApi, apiWithTables } from "./testkit.test.ts";

const MEBIBYTE = 1024 * 1024;
const ITEM = { pk: { S: "a" }, v: { S: "ü".repeat(2_000) } };

function send(api: TestApi, operation: string, body: Uint8Array | string, ...more: readonly string[]): Answer {
  return api.send("POST", "/", [
    "Host", "localhost:8000", "X-Amz-Target", `DynamoDB_20120810.${operation}`, "X-Amz-Date", NOW_TEXT,
    "Content-Type", "application/x-amz-json-1.0", "Authorization", AUTHORIZATION, ...more,
  ], body);
}

test("requests that come as gzip or deflate", () => {
  const json = JSON.stringify({ TableName: "hash-only", Item: ITEM });
  const ways: readonly (readonly [string, Uint8Array | string])[] = [
    ["gzip", gzipSync(json)], ["GZIP ", gzipSync(json)], ["x-gzip", gzipSync(json)],
    ["deflate", deflateSync(json)], ["deflate", deflateRawSync(json)],
    ["identity", json], ["amz-1.0", json], ["", json],
    ["gzip", Buffer.concat([gzipSync(json.slice(0, 9)), gzipSync(json.slice(9))])],
  ];
  for (const [coding, body] of ways) {
    const api = apiWithTables();
    assert.equal(send(api, "PutItem", body, "Content-Encoding", coding).status, 200, coding);
    const got = api.ask("GetItem", { TableName: "hash-only", Key: { pk: { S: "a" } } });
    assert.deepEqual(got.json.Item, ITEM);
  }
});

test("streams that are broken are told as JSON that is", () => {
  const api = apiWithTables();
  const whole = gzipSync(JSON.stringify({ TableName: "hash-only", Item: ITEM }));
  const flipped = Uint8Array.from(whole, (byte, i) => i === whole.length - 6 ? byte ^ 1 : byte);
  const broken: readonly (readonly [string, Uint8Array | string])[] = [
    ["gzip", whole.subarray(0, -9)], ["gzip", whole.subarray(0, 5)], ["gzip", flipped], ["gzip", "{}"], ["gzip", ""],
    ["deflate", whole], ["deflate", "{}"], ["deflate", ""], ["deflate", deflateSync("{}").subarray(0, -2)],
    ["gzip", gzipSync("[1")], ["amz-1.0", whole], ["br", whole],
  ];
  for (const [coding, body] of broken) {
    const answer = send(api, "PutItem", body, "Content-Encoding", coding);
    assert.equal(answer.status, 400, coding);
    assert.equal(answer.text, `{"__type":"${SERIALIZATION}"}`, coding);
  }
});

test("whatever is sent as compressed is answered", () => {
  const seed = Number(process.env["STATOR_TEST_SEED"] ?? Math.floor(Math.random() * 2 ** 32));
  const random = new Prng(seed);
  const json = JSON.stringify({ TableName: "hash-only", Item: ITEM });
  const folded = [gzipSync(json), deflateSync(json), deflateRawSync(json)];
  const api = apiWithTables();
  const seen = new Set<number>();
  for (let i = 0; i < 3_000; i++) {
    const bytes = Uint8Array.from(folded[random.below(3)] as Uint8Array);
    for (let n = random.below(4); n > 0; n--) bytes[random.below(bytes.length)] = random.below(256);
    const cut = bytes.subarray(random.below(20) === 0 ? random.below(9) : 0, bytes.length - random.below(3));
    const { status } = send(api, "PutItem", cut, "Content-Encoding", random.below(2) === 0 ? "gzip" : "deflate");
    assert.ok(status === 200 || status === 400 || status === 413, `seed ${seed}, request ${i}: ${status}`);
    seen.add(status);
  }
  assert.ok(seen.has(200) && seen.has(400));
});

test("compressed bodies are unfolded only for who may come in", () => {
  const api = apiWithTables({ credentials: [{ accessKeyId: "known", secretAccessKey: "secret" }] });
  const answer = send(api, "PutItem", "not compressed at all", "Content-Encoding", "gzip");
  assert.equal(answer.json.__type, "com.amazon.coral.service#UnrecognizedClientException");
});

test("a body that unfolds to more than a request may have is refused, however small it comes", () => {
  const api = apiWithTables();
  for (const [bytes, status] of [[16 * MEBIBYTE, 400], [16 * MEBIBYTE + 1, 413], [200 * MEBIBYTE, 413]] as const) {
    for (const [coding, fold] of [["gzip", gzipSync], ["deflate", deflateSync]] as const) {
      const bomb = fold(Buffer.alloc(bytes, " "));
      const answer = send(api, "PutItem", bomb, "Content-Encoding", coding);
      assert.equal(answer.status, status, `${coding} ${bytes}`);
      if (status !== 413) continue;
      assert.deepEqual(answer.json, {
        __type: "com.amazon.coral.service#RequestEntityTooLargeException", message: "The request body is too large",
      });
    }
  }
});

test("large answers come as gzip to who asks for it, with the checksum of the bytes sent", () => {
  const api = apiWithTables();
  assert.equal(api.ask("PutItem", { TableName: "hash-only", Item: ITEM }).status, 200);
  const input = JSON.stringify({ TableName: "hash-only", Key: { pk: { S: "a" } } });
  const get = (body: string, ...more: string[]): Answer => send(api, "GetItem", body, ...more);
  for (const accept of ["gzip", "gzip, deflate, br", "deflate, GZIP;q=0.5", "*"]) {
    const { headers, bytes } = get(input, "Accept-Encoding", accept);
    assert.equal(headers["content-encoding"], "gzip", accept);
    assert.equal(headers["x-amz-crc32"], String(crc32(bytes)));
    assert.ok(bytes.length < 500);
    assert.deepEqual(JSON.parse(gunzipSync(bytes).toString()).Item, ITEM);
  }
  for (const more of [[], ["Accept-Encoding", "identity"], ["Accept-Encoding", "gzip;q=0"], ["Accept-Encoding", "br"]]) {
    const { headers, bytes } = get(input, ...more);
    assert.equal(headers["content-encoding"], undefined);
    assert.deepEqual(JSON.parse(Buffer.from(bytes).toString()).Item, ITEM);
  }
  const small = get(JSON.stringify({ TableName: "hash-only", Key: { pk: { S: "b" } } }), "Accept-Encoding", "gzip");
  assert.equal(small.headers["content-encoding"], undefined);
});

test("what an Accept-Encoding takes", () => {
  for (const yes of ["gzip", "x-gzip", "a,gzip", "gzip ; q=1", "*;q=0.1", "*;q=0, gzip"]) assert.ok(acceptsGzip(yes), yes);
  for (const no of ["", "identity", "gzip;q=0", "gzip;q=0.000", "*;q=0", "gzip;q=0, *", "gzipped", "br"]) {
    assert.ok(!acceptsGzip(no), no);
  }
});

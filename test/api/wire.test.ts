// What lies around the protocol: HTTPS, compressed bodies, pages of other origins.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { Agent as PlainAgent, request } from "node:http";
import { Agent } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { crc32, gunzipSync, gzipSync } from "node:zlib";
import { DynamoDBClient, GetItemCommand, ListTablesCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { AUTHORIZATION, CREDENTIAL, REGION, S, Server } from "./kit.ts";

type Raw = { readonly status: number; readonly headers: Record<string, unknown>; readonly bytes: Buffer };

/** Nothing is unfolded on the way, as fetch would. */
function raw(endpoint: string, method: string, headers: Record<string, string>, body: Uint8Array): Promise<Raw> {
  return new Promise((resolve, reject) => {
    const asked = request(endpoint, { method, headers, agent: new PlainAgent() }, (response) => {
      const pieces: Buffer[] = [];
      response.on("data", (piece: Buffer) => pieces.push(piece));
      response.on("end", () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes: Buffer.concat(pieces) });
      });
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

function headersOf(operation: string): Record<string, string> {
  return {
    "content-type": "application/x-amz-json-1.0", "x-amz-target": `DynamoDB_20120810.${operation}`,
    "x-amz-date": "20260102T030405Z", authorization: AUTHORIZATION,
  };
}

test("HTTPS: the SDK with the certificate, and none without", async () => {
  const folder = mkdtempSync(join(tmpdir(), "stator-https-"));
  const [keyFile, certFile] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  execFileSync("openssl", [
    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
    "-keyout", keyFile, "-out", certFile, "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1",
  ], { stdio: "ignore" });
  const tls = { cert: readFileSync(certFile, "utf8"), key: readFileSync(keyFile, "utf8") };
  rmSync(folder, { recursive: true, force: true });
  const server = await Server.start({ tls });
  const { endpoint } = server.cluster;
  assert.match(endpoint, /^https:\/\/127\.0\.0\.1:\d+$/);
  const httpsAgent = new Agent({ ca: tls.cert });
  const config = { endpoint, region: REGION, credentials: CREDENTIAL, maxAttempts: 1 };
  const trusting = new DynamoDBClient({ ...config, requestHandler: { httpsAgent } });
  try {
    assert.deepEqual((await trusting.send(new ListTablesCommand({}))).TableNames, []);
    await assert.rejects(server.client.send(new ListTablesCommand({})), { code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
  } finally {
    trusting.destroy();
    httpsAgent.destroy();
    await server.stop();
  }
});

test("bodies come and go as gzip", async () => {
  const server = await Server.start();
  try {
    await server.table("wire", "pk:S");
    const Item = { pk: S("a"), v: S("long ".repeat(50_000)) };
    const { endpoint } = server.cluster;
    const body = gzipSync(JSON.stringify({ TableName: "wire", Item }));
    assert.ok(body.length < 2_000);
    const put = await raw(endpoint, "POST", { ...headersOf("PutItem"), "content-encoding": "gzip" }, body);
    assert.deepEqual([put.status, put.bytes.toString()], [200, "{}"]);
    const key = Buffer.from(JSON.stringify({ TableName: "wire", Key: { pk: S("a") } }));
    const got = await raw(endpoint, "POST", { ...headersOf("GetItem"), "accept-encoding": "gzip" }, key);
    assert.equal(got.headers["content-encoding"], "gzip");
    assert.equal(got.headers["x-amz-crc32"], String(crc32(got.bytes)));
    assert.ok(got.bytes.length < 5_000);
    assert.deepEqual(JSON.parse(gunzipSync(got.bytes).toString()), { Item });
  } finally {
    await server.stop();
  }
});

test("a signature covers a compressed body as it is sent", async () => {
  const server = await Server.start({ credentials: [CREDENTIAL] });
  try {
    const { client } = server;
    client.middlewareStack.add((next) => (args) => {
      const sent = args.request as { body: Uint8Array | string; headers: Record<string, string> };
      sent.body = gzipSync(sent.body);
      sent.headers["content-encoding"] = "gzip";
      sent.headers["content-length"] = String(sent.body.length);
      return next(args);
    }, { step: "build", priority: "low", name: "gzip" });
    await server.table("wire", "pk:S");
    const Item = { pk: S("a"), v: S("long ".repeat(5_000)) };
    await client.send(new PutItemCommand({ TableName: "wire", Item }));
    const got = await client.send(new GetItemCommand({ TableName: "wire", Key: { pk: S("a") } }));
    assert.deepEqual(got.Item, Item);
    const wrong = server.connect({ ...CREDENTIAL, secretAccessKey: "other" });
    await assert.rejects(wrong.send(new ListTablesCommand({})), { name: "InvalidSignatureException" });
  } finally {
    await server.stop();
  }
});

test("answers keep the order of requests when some wait for gzip", async () => {
  const server = await Server.start();
  try {
    await server.table("wire", "pk:S");
    await server.ok("PutItem", { TableName: "wire", Item: { pk: S("a"), v: S("x".repeat(300_000)) } });
    const { endpoint } = server.cluster;
    const agent = new PlainAgent({ keepAlive: true, maxSockets: 1 });
    const one = (accept: string): Promise<number> => new Promise((resolve, reject) => {
      const body = JSON.stringify({ TableName: "wire", Key: { pk: S(accept === "gzip" ? "a" : "none") } });
      const headers = { ...headersOf("GetItem"), "accept-encoding": accept };
      const asked = request(endpoint, { method: "POST", headers, agent }, (response) => {
        let bytes = 0;
        response.on("data", (piece: Buffer) => {
          bytes += piece.length;
        });
        response.on("end", () => resolve(bytes));
      });
      asked.on("error", reject);
      asked.end(body);
    });
    const sizes = await Promise.all(Array.from({ length: 20 }, (_, i) => one(i % 2 === 0 ? "gzip" : "identity")));
    for (const [i, size] of sizes.entries()) assert.ok(i % 2 === 0 ? size > 100 : size === 2, `${i}: ${size} bytes`);
    agent.destroy();
  } finally {
    await server.stop();
  }
});

test("a page of another origin asks first, then reads the answer", async () => {
  const server = await Server.start({ cors: ["https://app.example.com"] });
  try {
    const { endpoint } = server.cluster;
    const nothing = new Uint8Array(0);
    const origin = { origin: "https://app.example.com" };
    const asked = await raw(endpoint, "OPTIONS", {
      ...origin, "access-control-request-method": "POST", "access-control-request-headers": "authorization,x-amz-target",
    }, nothing);
    assert.deepEqual([asked.status, asked.bytes.length], [200, 0]);
    assert.equal(asked.headers["access-control-allow-origin"], "https://app.example.com");
    assert.equal(asked.headers["access-control-allow-headers"], "authorization,x-amz-target");
    const refused = await raw(endpoint, "POST", { ...origin, ...headersOf("Nothing") }, Buffer.from("{}"));
    assert.deepEqual([refused.status, refused.headers["access-control-allow-origin"]], [400, "https://app.example.com"]);
  } finally {
    await server.stop();
  }
});

import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { test } from "node:test";
import { DynamoDBClient, GetItemCommand, ListTablesCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { Prng } from "../../../base/prng.ts";
import { NOW_MS, NOW_TEXT, type Answer, type TestApi, apiWithTables, testCrypto } from "../testkit.test.ts";
import { deriveSigningKey } from "./signing-keys.ts";
import { scopeOf } from "./signature-parts.ts";
import { formatTimestamp, parseTimestamp, timestampOfHttpDate } from "./timestamp.ts";

const CREDENTIALS = [
  { accessKeyId: "AKIDONE", secretAccessKey: "secret/one+" }, { accessKeyId: "AKIDTWO", secretAccessKey: "secret two" },
];
const MISMATCH = "The request signature we calculated does not match the signature you provided. "
  + "Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";

type Signing = {
  accessKeyId: string; secret: string; date: string; timestamp: string; region: string; service: string;
  term: string; signed: string[]; body: string; target: string; query: string; extra: [string, string][];
};
const USUAL: Signing = {
  accessKeyId: "AKIDONE", secret: "secret/one+", date: "20260102", timestamp: NOW_TEXT, region: "eu-west-1",
  service: "dynamodb", term: "aws4_request", signed: ["content-type", "host", "x-amz-date", "x-amz-target"],
  body: "{}", target: "DynamoDB_20120810.ListTables", query: "", extra: [],
};

/** An independent signer: the algorithm of the AWS documentation, step by step. */
function sign(change: Partial<Signing> = {}): { headers: string[]; signing: Signing; signature: string } {
  const signing = { ...USUAL, ...change };
  const hmac = (key: string | Buffer, data: string): Buffer => createHmac("sha256", key).update(data).digest();
  const sha = (data: string): string => createHash("sha256").update(data).digest("hex");
  const pairs: [string, string][] = [
    ["Content-Type", "application/x-amz-json-1.0"], ["Host", "localhost:8000"], ["X-Amz-Date", signing.timestamp],
    ["X-Amz-Target", signing.target], ...signing.extra,
  ];
  const canonicalHeaders = signing.signed.map((name) => {
    const values = pairs.filter(([header]) => header.toLowerCase() === name)
      .map(([, value]) => value.trim().replace(/ +/g, " "));
    return `${name}:${values.join(",")}\n`;
  }).join("");
  const names = signing.signed.join(";");
  const canonical = ["POST", "/", signing.query, canonicalHeaders, names, sha(signing.body)].join("\n");
  const scope = [signing.date, signing.region, signing.service, signing.term].join("/");
  const toSign = ["AWS4-HMAC-SHA256", signing.timestamp, scope, sha(canonical)].join("\n");
  let key: string | Buffer = `AWS4${signing.secret}`;
  for (const part of [signing.date, signing.region, signing.service, signing.term]) key = hmac(key, part);
  const signature = hmac(key, toSign).toString("hex");
  const authorization = `AWS4-HMAC-SHA256 Credential=${signing.accessKeyId}/${scope}, `
    + `SignedHeaders=${signing.signed.join(";")}, Signature=${signature}`;
  return { headers: [...pairs, ["Authorization", authorization] as const].flat(), signing, signature };
}

function send(api: TestApi, change: Partial<Signing> = {}): Answer {
  const { headers, signing } = sign(change);
  return api.send("POST", `/${signing.query === "" ? "" : `?${signing.query}`}`, headers, signing.body);
}

function refusal(answer: Answer): string {
  assert.equal(answer.status, 400);
  const type = answer.json.__type as string;
  assert.ok(type.startsWith("com.amazon.coral.service#"));
  return `${type.slice(type.indexOf("#") + 1)}: ${answer.json.message}`;
}

test("timestamps agree with Date", () => {
  for (let i = 0; i < 2_000; i++) {
    const ms = Math.floor((i / 2_000) * Date.UTC(2200, 0, 1)) + i * 997;
    const date = new Date(Math.floor(ms / 1000) * 1000);
    const text = date.toISOString().replace(/[-:]/g, "").replace(".000", "");
    assert.equal(formatTimestamp(ms), text);
    assert.equal(parseTimestamp(text), date.getTime());
    assert.equal(timestampOfHttpDate(date.toUTCString()), text);
  }
  for (const bad of ["", "20260102", "20260102T030405", "2026-01-02T03:04Z", "20261302T030405Z", "2026010xT030405Z"]) {
    assert.equal(parseTimestamp(bad), null);
  }
  assert.equal(timestampOfHttpDate("Mon, 09 Foo 2011 23:36:00 GMT"), null);
});

test("the signing key of the AWS documentation's example", () => {
  const scope = scopeOf("AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request", "host");
  assert.ok(scope.ok);
  const key = deriveSigningKey(testCrypto, "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", scope.value);
  const expected = Buffer.from("c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9", "hex");
  assert.equal(testCrypto.hmacSha256Hex(key, "x"), createHmac("sha256", expected).update("x").digest("hex"));
});

test("rightly signed requests pass, first and from memory", () => {
  const api = apiWithTables({ credentials: CREDENTIALS });
  for (let i = 0; i < 3; i++) {
    assert.equal(send(api).status, 200);
    assert.equal(send(api, { accessKeyId: "AKIDTWO", secret: "secret two", region: "us-east-2" }).status, 200);
    assert.equal(send(api, {
      extra: [["X-Spaced", "  a   b "], ["x-twice", "1"], ["X-Twice", "2"]],
      signed: [...USUAL.signed, "x-spaced", "x-twice"],
    }).status, 200);
    assert.equal(send(api, { body: JSON.stringify({ Limit: i + 1 }) }).status, 200);
    assert.equal(send(api, { query: "a=1&b=%20x" }).status, 200);
  }
});

test("wrongly signed requests do not, whatever is remembered", () => {
  for (const isWarm of [false, true]) {
    const api = apiWithTables({ credentials: CREDENTIALS });
    if (isWarm) assert.equal(send(api).status, 200);
    assert.equal(refusal(send(api, { secret: "other" })), `InvalidSignatureException: ${MISMATCH}`);
    assert.equal(refusal(send(api, { accessKeyId: "AKIDTWO" })), `InvalidSignatureException: ${MISMATCH}`);
    assert.equal(refusal(send(api, { accessKeyId: "NOBODY" })),
      "UnrecognizedClientException: The security token included in the request is invalid.");
    const { headers } = sign();
    assert.equal(refusal(api.send("POST", "/", headers, '{"Limit":1}')), `InvalidSignatureException: ${MISMATCH}`);
    const retargeted = headers.map((text) => text === USUAL.target ? "DynamoDB_20120810.DescribeLimits" : text);
    assert.equal(refusal(api.send("POST", "/", retargeted, "{}")), `InvalidSignatureException: ${MISMATCH}`);
    assert.equal(refusal(api.send("POST", "/?x=1", headers, "{}")), `InvalidSignatureException: ${MISMATCH}`);
    const cut = headers.map((text) => text.startsWith("AWS4-") ? text.slice(0, -1) : text);
    assert.equal(refusal(api.send("POST", "/", cut, "{}")), `InvalidSignatureException: ${MISMATCH}`);
  }
});

test("requests of one connection pass exactly when they are rightly signed", () => {
  const seed = Number(process.env["STATOR_TEST_SEED"] ?? Math.floor(Math.random() * 2 ** 32));
  const random = new Prng(seed);
  const pick = <T>(all: readonly T[]): T => all[random.below(all.length)] as T;
  const values = ["", "1", "attempt=1; max=3", "a b", "a  b", " a", "\u00e9", "x".repeat(300), "y".repeat(1_200), "\t-"];
  const signed = [...USUAL.signed, "x-a", "x-b"];
  const api = apiWithTables({ credentials: CREDENTIALS });
  for (let i = 0; i < 3_000; i++) {
    if (random.below(50) === 0) api.nowMs += 1_000;
    const { headers, signing } = sign({
      extra: [["X-A", pick(values)], ["X-B", String(random.below(pick([10, 1_000])))]],
      signed: random.below(20) === 0 ? [...signed, "x-absent"] : signed,
      body: JSON.stringify({ Limit: random.below(99) + 1 }), timestamp: formatTimestamp(api.nowMs),
      ...pick([{}, {}, {}, { accessKeyId: "AKIDTWO", secret: "secret two" }]),
    });
    const { body } = signing;
    const wrong = pick(["", "", "", "body", "value", "signature", "target"]);
    const sent = headers.map((text, at) => {
      if (wrong === "value" && headers[at - 1] === "X-B") return `${text}0`;
      if (wrong === "target" && headers[at - 1] === "X-Amz-Target") return "DynamoDB_20120810.DescribeLimits";
      if (wrong !== "signature" || headers[at - 1] !== "Authorization") return text;
      return text.slice(0, -1) + (text.endsWith("0") ? "1" : "0");
    });
    const { status } = api.send("POST", "/", sent, wrong === "body" ? body.replace("}", " }") : body);
    assert.equal(status, wrong === "" ? 200 : 400, `seed ${seed}, request ${i}: ${wrong} ${sent.join("|")}`);
  }
});

test("scope and time", () => {
  const api = apiWithTables({ credentials: CREDENTIALS });
  const invalid = (text: string): string => `InvalidSignatureException: ${text}`;
  assert.equal(refusal(send(api, { service: "s3" })),
    invalid("Credential should be scoped to correct service: 'dynamodb'. "));
  assert.equal(refusal(send(api, { term: "aws3" })),
    invalid("Credential should be scoped with a valid terminator: 'aws4_request', not 'aws3'. "));
  assert.equal(refusal(send(api, { service: "s3", term: "aws3" })),
    invalid("Credential should be scoped to correct service: 'dynamodb'. "
      + "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws3'. "));
  assert.equal(refusal(send(api, { signed: ["x-amz-date", "x-amz-target"] })),
    invalid("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."));
  assert.equal(refusal(send(api, { signed: ["host", "x-amz-date"] })),
    invalid("'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization."));
  assert.equal(refusal(send(api, { date: "20260101" })),
    invalid("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
      + "'20260101' != '20260102', from '20260102T030405Z'."));
  assert.equal(refusal(send(api, { timestamp: "20260102T024904Z" })),
    invalid("Signature expired: 20260102T024904Z is now earlier than 20260102T024905Z (20260102T030405Z - 15 min.)"));
  assert.equal(refusal(send(api, { timestamp: "20260102T031906Z" })),
    invalid("Signature not yet current: 20260102T031906Z is still later than "
      + "20260102T031905Z (20260102T030405Z + 15 min.)"));
  assert.equal(send(api, { timestamp: "20260102T024905Z" }).status, 200);
  assert.equal(send(api, { timestamp: "20260102T031905Z" }).status, 200);
  api.nowMs += 16 * 60_000;
  assert.match(refusal(send(api)), /^InvalidSignatureException: Signature expired: /, "memory outlives time");
  api.nowMs = NOW_MS;
  assert.match(refusal(send(api, { timestamp: "yesterday" })),
    /^IncompleteSignatureException: Date must be in ISO-8601/);
});

test("the Date header stands in for X-Amz-Date", () => {
  const api = apiWithTables({ credentials: CREDENTIALS });
  const ask = (date: string): Answer => {
    const { headers } = sign({ extra: [["Date", date]], signed: ["date", "host", "x-amz-target"] });
    return api.send("POST", "/", headers.filter((_, i) => i < 4 || i > 5), "{}");
  };
  assert.equal(ask("Fri, 02 Jan 2026 03:04:05 GMT").status, 200);
  assert.equal(refusal(ask("Fri, 02 Jan 2026 03:04:06 GMT")), `InvalidSignatureException: ${MISMATCH}`);
  assert.match(refusal(ask("soon")), /^IncompleteSignatureException: Date must be in ISO-8601/);
});

test("malformed authorization, with credentials and without", () => {
  for (const credentials of [null, CREDENTIALS]) {
    const api = apiWithTables({ credentials });
    const base = ["Content-Type", "application/x-amz-json-1.0", "X-Amz-Target", "DynamoDB_20120810.ListTables"];
    const ask = (...more: string[]): string => refusal(api.send("POST", "/", [...base, ...more], "{}"));
    const missing = "MissingAuthenticationTokenException: Request is missing Authentication Token";
    assert.equal(ask(), missing);
    assert.equal(ask("Authorization", "Basic eDp5"), missing);
    assert.equal(ask("Authorization", ""), missing);
    assert.equal(ask("Authorization", "AWS4-"), "IncompleteSignatureException: "
      + "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. "
      + "Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either "
      + "a 'X-Amz-Date' or a 'Date' header. Authorization=AWS4-");
    const noSignature = "AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=host, Signature=";
    assert.equal(ask("Authorization", noSignature, "X-Amz-Date", NOW_TEXT), "IncompleteSignatureException: "
      + `Authorization header requires 'Signature' parameter. Authorization=${noSignature}`);
    // A space within a key, or before it: what follows the space stands alone.
    const spaced = "AWS4-HMAC-SHA256 Credential= AK/20260102/eu-west-1/dynamodb/aws4_request, SignedHeaders=host, Signature=x";
    assert.equal(ask("Authorization", spaced, "X-Amz-Date", NOW_TEXT), "IncompleteSignatureException: "
      + "'AK/20260102/eu-west-1/dynamodb/aws4_request' not a valid key=value pair (missing equal-sign) in Authorization "
      + `header: '${spaced}'.`);
    assert.equal(ask("Authorization", "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=x", "Date", "x"),
      "IncompleteSignatureException: Credential must have exactly 5 slash-delimited elements, "
      + "e.g. keyid/date/region/service/term, got 'a/b'");
    assert.equal(ask("Authorization", "AWS4-OTHER Credential=a/b/c/d/e, SignedHeaders=host, Signature=x", "Date", "x"),
      "IncompleteSignatureException: Unsupported AWS 'algorithm': 'AWS4-OTHER'. ");
  }
});

test("a presigned query", () => {
  const api = apiWithTables({ credentials: CREDENTIALS });
  const { region, term, date } = USUAL;
  const parameters = (expires: string | null): [string, string][] => {
    const list: [string, string][] = [
      ["X-Amz-Algorithm", "AWS4-HMAC-SHA256"], ["X-Amz-Credential", `AKIDONE/${date}/${region}/dynamodb/${term}`],
      ["X-Amz-Date", NOW_TEXT], ["X-Amz-SignedHeaders", "host;x-amz-target"],
    ];
    if (expires !== null) list.push(["X-Amz-Expires", expires]);
    return list;
  };
  const sent = (expires: string | null, isTampered = false): Answer => {
    const query = parameters(expires).sort().map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&");
    const { signature, headers } = sign({ query, signed: ["host", "x-amz-target"] });
    const plain = headers.slice(0, -2).filter((_, i) => i < 4 || i > 5); // neither Authorization nor X-Amz-Date
    const target = `/?X-Amz-Signature=${signature}&${isTampered ? query.replace("Expires=60", "Expires=600") : query}`;
    return api.send("POST", target, plain, "{}");
  };
  assert.equal(sent(null).status, 200);
  assert.equal(sent("60").status, 200);
  assert.equal(refusal(sent("60", true)), `InvalidSignatureException: ${MISMATCH}`);
  api.nowMs += 61_000;
  assert.match(refusal(sent("60")), /^InvalidSignatureException: Signature expired: /);
  assert.match(refusal(sent("604801")), /^IncompleteSignatureException: X-Amz-Expires/);
  const both = api.send("POST", "/?X-Amz-Algorithm=AWS4-HMAC-SHA256", sign().headers, "{}");
  assert.equal(refusal(both), "InvalidSignatureException: "
    + "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.");
  const bare = ["Content-Type", "application/x-amz-json-1.0", "X-Amz-Target", USUAL.target];
  assert.equal(refusal(api.send("POST", "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&%", bare, "{}")),
    "IncompleteSignatureException: AWS query-string parameters must include 'X-Amz-Credential'. "
    + "AWS query-string parameters must include 'X-Amz-Signature'. AWS query-string parameters must include "
    + "'X-Amz-SignedHeaders'. AWS query-string parameters must include 'X-Amz-Date'. "
    + "Re-examine the query-string parameters.");
});

type SdkRequest = {
  method: string; path: string; headers: Record<string, string>; body: string | Uint8Array | undefined;
};

/** An SDK client whose requests go straight into the API. */
function sdkClient(api: TestApi, secretAccessKey: string): DynamoDBClient {
  const requestHandler = {
    metadata: { handlerProtocol: "http/1.1" },
    handle(request: SdkRequest) {
      const answer = api.send(request.method, request.path, Object.entries(request.headers).flat(), request.body ?? "");
      const headers = { ...answer.headers, "content-type": answer.contentType };
      const body = new TextEncoder().encode(answer.text);
      return Promise.resolve({ response: { statusCode: answer.status, headers, body } });
    },
    httpHandlerConfigs: () => ({}),
    updateHttpClientConfig: () => {},
    destroy: () => {},
  };
  return new DynamoDBClient({
    endpoint: "http://localhost:8000", region: "eu-west-1", credentials: { accessKeyId: "AKIDONE", secretAccessKey },
    requestHandler: requestHandler as never, maxAttempts: 1,
    requestStreamCollector: undefined as never,
    streamCollector: ((body: Uint8Array) => Promise.resolve(body)) as never,
  } as never);
}

test("the SDK signs, the API verifies; the API errs, the SDK understands", async () => {
  const api = apiWithTables({ credentials: CREDENTIALS });
  api.nowMs = Date.now();
  const client = sdkClient(api, "secret/one+");
  const listed = await client.send(new ListTablesCommand({}));
  assert.deepEqual(listed.TableNames, ["hash-only", "ranged"]);
  await client.send(new PutItemCommand({ TableName: "hash-only", Item: { pk: { S: "ü" }, v: { N: "1" } } }));
  const got = await client.send(new GetItemCommand({ TableName: "hash-only", Key: { pk: { S: "ü" } } }));
  assert.deepEqual(got.Item, { pk: { S: "ü" }, v: { N: "1" } });
  assert.match(got.$metadata.requestId ?? "", /^[0-9A-V]{52}$/);
  await assert.rejects(client.send(new GetItemCommand({ TableName: "nothing", Key: { pk: { S: "a" } } })),
    { name: "ResourceNotFoundException", message: "Requested resource not found" });
  await assert.rejects(client.send(new PutItemCommand({
    TableName: "hash-only", Item: { pk: { S: "ü" } }, ConditionExpression: "attribute_not_exists(pk)",
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  })), { name: "ConditionalCheckFailedException", Item: { pk: { S: "ü" }, v: { N: "1" } } });
  await assert.rejects(client.send(new GetItemCommand({ TableName: "hash-only", Key: {} })),
    { name: "ValidationException", message: "The provided key element does not match the schema" });
  await assert.rejects(sdkClient(api, "wrong").send(new ListTablesCommand({})),
    { name: "InvalidSignatureException", message: MISMATCH });
});

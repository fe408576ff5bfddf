// A cluster with credentials: who may come in, and which answer tells what is wrong.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { CreateTableCommand, DynamoDBClient, ListTablesCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { AUTHORIZATION, S, Server, rejected } from "./kit.ts";

const FIRST = { accessKeyId: "first", secretAccessKey: "secret/one+and=" };
const SECOND = { accessKeyId: "second", secretAccessKey: "secret-two" };
let server: Server;
before(async () => {
  server = await Server.start({ credentials: [FIRST, SECOND] });
});
after(() => server.stop());

test("each known key may come in, from any region, and sees the same tables", async () => {
  const first = server.connect(FIRST);
  const second = server.connect(SECOND, "sa-east-1");
  const list = await first.send(new ListTablesCommand({}));
  assert.deepEqual(list.TableNames, []);
  await first.send(new CreateTableCommand({
    TableName: "shared", BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
  }));
  await first.send(new PutItemCommand({ TableName: "shared", Item: { pk: S("ä\u0000€") } }));
  assert.deepEqual((await second.send(new ListTablesCommand({}))).TableNames, ["shared"]);
});

test("a wrong secret, an unknown key", async () => {
  const wrong = server.connect({ ...FIRST, secretAccessKey: "other" });
  const error = await rejected(wrong.send(new ListTablesCommand({})), "InvalidSignatureException");
  assert.match(error.message, /^The request signature we calculated does not match the signature you provided/);
  const unknown = server.connect({ accessKeyId: "nobody", secretAccessKey: "x" });
  const refused = await rejected(unknown.send(new ListTablesCommand({})), "UnrecognizedClientException");
  assert.equal(refused.message, "The security token included in the request is invalid.");
});

test("no signature, half a signature, one that is too old", async () => {
  const headers = { "x-amz-target": "DynamoDB_20120810.ListTables", "content-type": "application/x-amz-json-1.0" };
  const none = await server.send("{}", headers);
  assert.deepEqual([none.status, none.type, none.message],
    [400, "MissingAuthenticationTokenException", "Request is missing Authentication Token"]);
  const half = await server.send("{}", { ...headers, authorization: "AWS4-HMAC-SHA256 Credential=first/20260102/eu-west-1/dynamodb/aws4_request" });
  assert.deepEqual([half.status, half.type], [400, "IncompleteSignatureException"]);
  const forged = await server.send("{}", {
    ...headers, "x-amz-date": "20260102T030405Z", authorization: AUTHORIZATION.replace("Credential=local/", "Credential=first/"),
  });
  assert.deepEqual([forged.status, forged.type], [400, "InvalidSignatureException"]);
  const late = new DynamoDBClient({
    endpoint: server.cluster.endpoint, region: "eu-west-1", credentials: FIRST, maxAttempts: 1, systemClockOffset: -20 * 60_000,
  });
  const expired = await rejected(late.send(new ListTablesCommand({})), "InvalidSignatureException");
  assert.match(expired.message, /^Signature expired: /);
  late.destroy();
});

test("a client whose clock is wrong corrects itself by the answer's date", async () => {
  const late = new DynamoDBClient({
    endpoint: server.cluster.endpoint, region: "eu-west-1", credentials: FIRST, maxAttempts: 3, systemClockOffset: -20 * 60_000,
  });
  await late.send(new ListTablesCommand({}));
  late.destroy();
});

test("health needs no signature; a changed body breaks it", async () => {
  assert.equal((await fetch(`${server.cluster.endpoint}/healthz`)).status, 200);
  const client = server.connect(FIRST);
  client.middlewareStack.add((next) => (args) => {
    const request = args.request as { body: Uint8Array | string; headers: Record<string, string> };
    request.body = '{"Limit":1}';
    request.headers["content-length"] = "11";
    return next(args);
  }, { step: "finalizeRequest", priority: "low" });
  await rejected(client.send(new ListTablesCommand({})), "InvalidSignatureException");
});

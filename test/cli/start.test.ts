import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import {
  CreateTableCommand, DynamoDBClient, GetItemCommand, ListTablesCommand, PutItemCommand,
} from "@aws-sdk/client-dynamodb";
import { Program, temporaryDirectory } from "./program.ts";

function client(context: TestContext, endpoint: string, accessKeyId = "local", secretAccessKey = "local"): DynamoDBClient {
  const made = new DynamoDBClient({ endpoint, region: "us-east-1", credentials: { accessKeyId, secretAccessKey }, maxAttempts: 1 });
  context.after(() => made.destroy());
  return made;
}

test("a directory's life: start, use, refuse a second, stop, inspect, start again", async (context) => {
  const dataDir = join(temporaryDirectory(context), "data");
  const first = new Program(context, ["start", "--port", "0", "--data-dir", dataDir, "--zones", "3", "--partitions", "2"]);
  const endpoint = await first.endpoint();
  assert.match(first.stdout, /^Stator is ready after \d+ ms\.$/m);
  assert.match(first.stdout, /^ {2}zones +az1 az2 az3$/m);
  assert.ok(first.stdout.includes(`data directory  ${dataDir}\n`));
  assert.ok(first.stdout.includes("credentials     any (this machine only)\n"));
  assert.deepEqual(await (await fetch(`${endpoint}/healthz`)).text(), "live\n");
  assert.equal(((await (await fetch(`${endpoint}/readyz`)).json()) as { ready: boolean }).ready, true);
  const db = client(context, endpoint);
  await db.send(new CreateTableCommand({
    TableName: "kept", BillingMode: "PAY_PER_REQUEST", KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
    AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
  }));
  const Item = { pk: { S: "a" }, v: { S: "x".repeat(1000) } };
  await db.send(new PutItemCommand({ TableName: "kept", Item }));

  const [second, port] = [
    new Program(context, ["start", "--port", "0", "--data-dir", dataDir]),
    new Program(context, ["start", "--in-memory", "--port", new URL(endpoint).port]),
  ];
  const inspected = new Program(context, ["inspect", "wal", dataDir]);
  assert.equal(await second.end(), 3);
  assert.match(second.stderr, /^stator: Another process is running on the data directory .*\n$/);
  assert.equal(await port.end(), 3);
  assert.match(port.stderr, /^stator: Port \d+ on 127\.0\.0\.1 is in use\. Choose another with --port\.\n$/);
  assert.equal(await inspected.end(), 3);
  assert.match(inspected.stderr, /^stator: a running cluster uses /);

  first.signal("SIGTERM");
  assert.equal(await first.end(), 0);
  assert.match(first.stdout, /\nStopping: .*\n$/);
  assert.equal(first.stderr, "");

  const again = new Program(context, ["start", "--port", "0", "--data-dir", dataDir]);
  const got = await client(context, await again.endpoint()).send(new GetItemCommand({ TableName: "kept", Key: { pk: Item.pk } }));
  assert.deepEqual(got.Item, Item);
  again.signal("SIGINT");
  assert.equal(await again.end(), 0);
  const wrongZones = new Program(context, ["start", "--port", "0", "--data-dir", dataDir, "--zones", "1"]);
  assert.equal(await wrongZones.end(), 3);
  assert.match(wrongZones.stderr, /^stator: .*zones/);
  const wal = new Program(context, ["inspect", "wal", dataDir]);
  assert.equal(await wal.end(), 0);
  assert.match(wal.stdout, /^== node-1\nsegment \d+ /);
  assert.match(wal.stdout, /^ {2}batch /m);
  const tree = new Program(context, ["inspect", "tree", dataDir, "--node", "2"]);
  assert.equal(await tree.end(), 0);
  assert.match(tree.stdout, /^== node-2\n/);
  const records = new Program(context, ["inspect", "wal", dataDir, "--node", "2", "--json"]);
  assert.equal(await records.end(), 0);
  const lines = records.stdout.trim().split("\n").map((line) => JSON.parse(line));
  assert.ok(lines.every((line) => line.node === 2));
  assert.ok(lines.some((line) => line.kind === "record" && line.payloadBytes > 1000), "the item's record is there");
});

test("in memory, one zone, an interrupt", async (context) => {
  const program = new Program(context, ["start", "--in-memory", "--zones", "1", "--port", "0"]);
  const endpoint = await program.endpoint();
  assert.match(program.stdout, /in memory: gone when this process ends/);
  assert.deepEqual((await client(context, endpoint).send(new ListTablesCommand({}))).TableNames, []);
  program.signal("SIGINT");
  assert.equal(await program.end(), 0);
});

test("an open door needs credentials, from a file or the command line", async (context) => {
  const directory = temporaryDirectory(context);
  const open = new Program(context, ["start", "--in-memory", "--host", "0.0.0.0", "--port", "0"]);
  assert.equal(await open.end(), 3);
  assert.match(open.stderr, /^stator: Refusing to listen on 0\.0\.0\.0 without credentials/);
  const file = join(directory, "credentials");
  writeFileSync(file, "# people\nalice:s3cret1\nbob:s3cret2\n");
  const closed = new Program(context, [
    "start", "--in-memory", "--zones", "1", "--host", "0.0.0.0", "--port", "0", "--credentials", file,
  ]);
  const endpoint = (await closed.endpoint()).replace("0.0.0.0", "127.0.0.1");
  assert.match(closed.stdout, /credentials +2 known/);
  assert.ok(!closed.stdout.includes("s3cret"), "no secret is printed");
  assert.deepEqual((await client(context, endpoint, "bob", "s3cret2").send(new ListTablesCommand({}))).TableNames, []);
  await assert.rejects(client(context, endpoint, "bob", "s3cret1").send(new ListTablesCommand({})), { name: "InvalidSignatureException" });
  await assert.rejects(client(context, endpoint).send(new ListTablesCommand({})), { name: "UnrecognizedClientException" });
});

test("help, version, and wrong command lines", async (context) => {
  const run = async (...args: readonly string[]): Promise<readonly [number | null, string, string]> => {
    const program = new Program(context, args);
    return [await program.end(), program.stdout, program.stderr];
  };
  const [help, startHelp, version, ...wrong] = await Promise.all([
    run("--help"), run("start", "--help"), run("--version"),
    run("start", "--port", "99999"), run("start", "--zones", "0"), run("start", "--nonsense"), run("nonsense"),
    run("start", "--credentials", "no-such-file"), run("start", "--region", "Not A Region"),
  ]);
  assert.equal(help[0], 0);
  assert.match(help[1], /^Usage: stator /);
  assert.match(help[1], /Exit codes:/);
  assert.equal(startHelp[0], 0);
  for (const option of ["--port", "--host", "--data-dir", "--in-memory", "--zones", "--partitions", "--credentials", "--region"]) {
    assert.ok(startHelp[1].includes(option), option);
  }
  assert.match(version[1], /^\d+\.\d+\.\d+\n$/);
  for (const [code, , stderr] of wrong) {
    assert.equal(code, 2, stderr);
    assert.notEqual(stderr, "");
  }
});

test("inspect refuses what is no data directory", async (context) => {
  const program = new Program(context, ["inspect", "tree", temporaryDirectory(context)]);
  assert.equal(await program.end(), 3);
  assert.match(program.stderr, /is not a data directory of Stator/);
});

test("a port that another program holds is refused before anything is written over", async (context) => {
  const holder = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => holder.once("listening", resolve));
  context.after(() => holder.close());
  const address = holder.address();
  assert.ok(typeof address === "object" && address !== null);
  const dataDir = temporaryDirectory(context);
  const refused = new Program(context, ["start", "--data-dir", join(dataDir, "d"), "--zones", "1", "--port", String(address.port)]);
  assert.equal(await refused.end(), 3);
  const after = new Program(context, ["start", "--data-dir", join(dataDir, "d"), "--zones", "1", "--port", "0"]);
  await after.endpoint();
  after.signal("SIGTERM");
  assert.equal(await after.end(), 0);
});

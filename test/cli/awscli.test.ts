// Through the AWS command line where it is installed: another implementation of the protocol than the SDK's.
import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { startEmbeddedCluster } from "../../src/app/embedded-cluster.ts";
import type { RunningCluster } from "../../src/app/embedded-options.ts";

const CREDENTIAL = { accessKeyId: "AKIACLI", secretAccessKey: "cli/secret" };
const hasCli = spawnSync("aws", ["--version"]).status === 0;
const options = hasCli ? {} : { skip: "no aws on this machine" };
const run = promisify(execFile);

let cluster: RunningCluster;
before(async () => {
  cluster = await startEmbeddedCluster({
    port: 0, host: "127.0.0.1", dataDir: null, zones: 1, credentials: [CREDENTIAL], partitionsPerTable: 2,
    region: "us-east-1", logLevel: "error",
  });
});
after(() => cluster.stop());

async function aws(...args: readonly string[]): Promise<any> {
  const { stdout } = await run("aws", ["dynamodb", ...args, "--endpoint-url", cluster.endpoint, "--output", "json"], {
    env: {
      ...process.env, AWS_ACCESS_KEY_ID: CREDENTIAL.accessKeyId, AWS_SECRET_ACCESS_KEY: CREDENTIAL.secretAccessKey,
      AWS_DEFAULT_REGION: "eu-central-1", AWS_REGION: "eu-central-1", AWS_PAGER: "", AWS_EC2_METADATA_DISABLED: "true",
      AWS_MAX_ATTEMPTS: "1", AWS_CONFIG_FILE: "/dev/null", AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
    },
  });
  return stdout.trim() === "" ? null : JSON.parse(stdout);
}

const json = (value: object): string => JSON.stringify(value);

test("a table through the AWS command line", options, async () => {
  const TableName = "Music";
  const created = await aws("create-table", "--table-name", TableName, "--billing-mode", "PAY_PER_REQUEST",
    "--attribute-definitions", "AttributeName=Artist,AttributeType=S", "AttributeName=Song,AttributeType=S",
    "--key-schema", "AttributeName=Artist,KeyType=HASH", "AttributeName=Song,KeyType=RANGE");
  assert.equal(created.TableDescription.TableArn, "arn:aws:dynamodb:eu-central-1:000000000000:table/Music");
  await aws("wait", "table-exists", "--table-name", TableName);
  const songs = ["Feeling Good", "Sinnerman", "Ünïcode €"];
  for (const song of songs) {
    await aws("put-item", "--table-name", TableName, "--item", json({ Artist: { S: "Nina" }, Song: { S: song }, Plays: { N: "1" } }));
  }
  const updated = await aws("update-item", "--table-name", TableName, "--key", json({ Artist: { S: "Nina" }, Song: { S: "Sinnerman" } }),
    "--update-expression", "ADD Plays :n", "--expression-attribute-values", json({ ":n": { N: "41" } }), "--return-values", "ALL_NEW");
  assert.equal(updated.Attributes.Plays.N, "42");
  // Two pages that the command line puts together by itself.
  const query = await aws("query", "--table-name", TableName, "--key-condition-expression", "Artist = :a", "--page-size", "2",
    "--expression-attribute-values", json({ ":a": { S: "Nina" } }));
  assert.deepEqual(query.Items.map((item: any) => item.Song.S), songs);
  const scan = await aws("scan", "--table-name", TableName, "--filter-expression", "Plays > :n", "--expression-attribute-values", json({ ":n": { N: "1" } }));
  assert.deepEqual([scan.Count, scan.ScannedCount], [1, 3]);
  await assert.rejects(
    aws("put-item", "--table-name", TableName, "--item", json({ Artist: { S: "Nina" } })),
    /\(ValidationException\).*One or more parameter values were invalid: Missing the key Song in the item/s,
  );
  await aws("delete-table", "--table-name", TableName);
  await aws("wait", "table-not-exists", "--table-name", TableName);
  assert.deepEqual((await aws("list-tables")).TableNames, []);
});

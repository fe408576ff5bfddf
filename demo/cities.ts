// npm run demo: a cluster, the cities of the world, real queries, a SIGKILL in the middle of a load, and the
// proof that nothing acknowledged is lost.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  ConditionalCheckFailedException, DynamoDBClient, QueryCommand, UpdateItemCommand, type QueryCommandInput,
} from "@aws-sdk/client-dynamodb";
import { BY_NAME, BY_POPULATION, createCityTable, ITEMS, load, verify } from "./cities-table.ts";
import { ServerProcess } from "./server-process.ts";

const VISITS_MAX = 5;

async function main(): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), "stator-demo-"));
  let server = await ServerProcess.start(["--data-dir", dataDir]);
  try {
    say(`Stator runs at ${server.endpoint}, process ${server.pid}, three zones in ${dataDir}`);
    const client = connect(server);
    await createCityTable(client, BY_POPULATION);
    await createCityTable(client, BY_NAME);
    const first = new Set<number>();
    const rate = await load(client, BY_POPULATION, (i) => first.add(i), () => false);
    say(`${first.size.toLocaleString("en")} cities, each in three synced logs: `
      + `${Math.round(rate).toLocaleString("en")} items/s`);
    await queries(client);
    await counter(client);

    step("SIGKILL in the middle of a second load");
    const second = new Set<number>();
    const killAt = Math.floor(ITEMS.length * (0.3 + Math.random() * 0.4));
    let killed: Promise<void> | null = null;
    await load(client, BY_NAME, (i) => {
      second.add(i);
      if (second.size >= killAt) killed ??= server.kill();
    }, () => killed !== null);
    await killed;
    client.destroy();
    say(`killed process ${server.pid} with ${second.size.toLocaleString("en")} cities of the second table `
      + "acknowledged");

    const began = performance.now();
    server = await ServerProcess.start(["--data-dir", dataDir]);
    say(`restarted as process ${server.pid} in ${Math.round(performance.now() - began)} ms`);
    const again = connect(server);
    const whole = await verify(again, BY_POPULATION, first);
    const part = await verify(again, BY_NAME, second);
    say(`first table: all ${whole.checked.toLocaleString("en")} acknowledged cities are there and equal`);
    say(`second table: all ${part.checked.toLocaleString("en")} acknowledged cities are there and equal `
      + `(${part.unacknowledgedPresent} more were written, their answer was lost with the process)`);
    await load(again, BY_NAME, () => undefined, () => false);
    await prefix(again);
    again.destroy();
    console.log("\nDone: nothing acknowledged was lost.");
  } finally {
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function queries(client: DynamoDBClient): Promise<void> {
  step("Largest cities of a country: Query, descending, Limit 5");
  await show(client, {
    TableName: BY_POPULATION.name, KeyConditionExpression: "country = :c", ScanIndexForward: false, Limit: 5,
    ExpressionAttributeValues: { ":c": { S: "IN" } },
  });
  step("A range of the sort key and a filter: Icelandic towns above 5,000 that are not the capital");
  await show(client, {
    TableName: BY_POPULATION.name, KeyConditionExpression: "country = :c AND byPopulation >= :p",
    FilterExpression: "feature <> :capital AND attribute_exists(#l.latitude)",
    ExpressionAttributeNames: { "#l": "location" },
    ExpressionAttributeValues: { ":c": { S: "IS" }, ":p": { S: "000005000" }, ":capital": { S: "PPLC" } },
  });
}

async function prefix(client: DynamoDBClient): Promise<void> {
  step("A prefix of the sort key: British places that begin with “Newc”");
  await show(client, {
    TableName: BY_NAME.name, KeyConditionExpression: "country = :c AND begins_with(byName, :n)",
    ExpressionAttributeValues: { ":c": { S: "GB" }, ":n": { S: "Newc" } },
  });
}

/** Counts up to a bound with a condition: the update that would pass it must be refused. */
async function counter(client: DynamoDBClient): Promise<void> {
  step(`A counter that may not pass ${VISITS_MAX}: UpdateItem ADD with a condition, ten at once`);
  const capital = ITEMS.find((item) => item["country"]?.S === "IS" && item["feature"]?.S === "PPLC");
  if (capital?.["country"] === undefined || capital["byPopulation"] === undefined) throw new Error("no capital");
  const Key = { country: capital["country"], byPopulation: capital["byPopulation"] };
  const attempts = Array.from({ length: 10 }, async () => {
    try {
      await client.send(new UpdateItemCommand({
        TableName: BY_POPULATION.name, Key, UpdateExpression: "ADD visits :one",
        ConditionExpression: "attribute_not_exists(visits) OR visits < :max",
        ExpressionAttributeValues: { ":one": { N: "1" }, ":max": { N: String(VISITS_MAX) } },
      }));
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  });
  const done = (await Promise.all(attempts)).filter((isDone) => isDone).length;
  say(`${done} of 10 counted, ${10 - done} refused: ConditionalCheckFailedException`);
  if (done !== VISITS_MAX) throw new Error(`expected ${VISITS_MAX} increments, saw ${done}`);
  await client.send(new UpdateItemCommand({ TableName: BY_POPULATION.name, Key, UpdateExpression: "REMOVE visits" }));
}

async function show(client: DynamoDBClient, input: QueryCommandInput): Promise<void> {
  const began = performance.now();
  const { Items = [], ScannedCount } = await client.send(new QueryCommand(input));
  const tookMs = performance.now() - began;
  for (const item of Items.slice(0, 6)) {
    const population = Number(item["population"]?.N).toLocaleString("en");
    console.log(`    ${String(item["name"]?.S).padEnd(28)} ${population.padStart(12)}`);
  }
  say(`${Items.length} of ${ScannedCount} items evaluated, ${tookMs.toFixed(1)} ms`);
  if (Items.length === 0) throw new Error("the query found nothing");
}

function connect(server: ServerProcess): DynamoDBClient {
  return new DynamoDBClient({
    endpoint: server.endpoint, region: "us-east-1", credentials: { accessKeyId: "demo", secretAccessKey: "demo" },
  });
}

function step(title: string): void {
  console.log(`\n▸ ${title}`);
}

function say(text: string): void {
  console.log(`  ${text}`);
}

await main();

// What must be true of the transactions of a day: an order exists in which each saw what it saw, nothing is half done,
// and of each that was done the global index has one row and the stream one record.
import { paginateScan, TransactionCanceledException, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import {
  DescribeStreamCommand, DynamoDBStreamsClient, GetRecordsCommand, GetShardIteratorCommand, ListStreamsCommand,
} from "@aws-sdk/client-dynamodb-streams";
import { serializabilityFault } from "../src/sim/checker/serializable.ts";
import { RotatingClient, type SdkOptions } from "./sdk-client.ts";
import { readLists, TransactionLoad } from "./transaction-load.ts";

const INDEX_MS_MAX = 60_000;
const HELD_MS_MAX = 30_000;
const RETRY_MS = 500;
const SHOWN = 8;
/** Behind the last record. */
const EMPTY_PAGES = 3;

export type TransactionVerdict = {
  readonly failures: readonly string[];
  readonly calls: number;
  readonly done: number;
  readonly unknown: number;
};

/** `index`: of the items that transactions put. The cluster is whole. */
export async function judgeTransactions(
  load: TransactionLoad, sdk: SdkOptions, table: string, index: string,
): Promise<TransactionVerdict> {
  const failures: string[] = load.wrong.slice(0, SHOWN);
  const rotating = new RotatingClient(sdk, 0);
  const { client } = rotating;
  const committed = new Set<string>();
  let calls = 0;
  let done = 0;
  let unknown = 0;
  for (const [set, some] of load.calls) {
    const names = TransactionLoad.listsOf(set);
    const lists = await whenStill(() => readLists(rotating, table, names));
    const fault = serializabilityFault(some, new Map(names.map((name, i) => [name, lists[i] as readonly string[]])));
    if (fault !== null) failures.push(`set ${set}: ${fault}`);
    lists.forEach((list) => list.forEach((name) => committed.add(name)));
    calls += some.length;
    done += some.filter(({ result }) => result === "done").length;
    unknown += some.filter(({ result }) => result === "unknown").length;
  }
  const items = await namesIn(client, table, null);
  for (const name of items) if (!committed.has(name)) failures.push(`${name} put its item and is in no list`);
  for (const name of committed) {
    if (load.transacted.has(name) && !items.has(name)) failures.push(`${name} is in a list and has no item`);
  }
  failures.push(...await indexFaults(client, table, index, items));
  failures.push(...await streamFaults(sdk, table, items));
  rotating.destroy();
  return { failures: failures.slice(0, SHOWN * 4), calls, done, unknown };
}

/** What the last transactions of unknown fate hold is ended within seconds. */
async function whenStill<T>(read: () => Promise<T>): Promise<T> {
  for (const until = performance.now() + HELD_MS_MAX; ; await pause(RETRY_MS)) {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof TransactionCanceledException) || performance.now() > until) throw error;
    }
  }
}

/** Keys of all items of transactions; of `index` as it is now. */
async function namesIn(client: DynamoDBClient, table: string, index: string | null): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  const pages = paginateScan({ client }, {
    TableName: table, FilterExpression: "attribute_exists(#o)", ExpressionAttributeNames: { "#o": "owner" },
    ...(index === null ? { ConsistentRead: true } : { IndexName: index }),
  });
  for await (const { Items } of pages) {
    for (const item of Items ?? []) names.add(item["pk"]?.S ?? "");
  }
  return names;
}

async function indexFaults(
  client: DynamoDBClient, table: string, index: string, items: ReadonlySet<string>,
): Promise<readonly string[]> {
  for (const until = performance.now() + INDEX_MS_MAX; ; await pause(RETRY_MS)) {
    const rows = await namesIn(client, table, index);
    const missing = [...items].filter((name) => !rows.has(name));
    const extra = [...rows].filter((name) => !items.has(name));
    if (missing.length + extra.length === 0) return [];
    if (performance.now() < until) continue;
    return [
      `the index lacks ${missing.length} rows: ${missing.slice(0, SHOWN).join(" ")}`,
      `the index has ${extra.length} rows of nothing: ${extra.slice(0, SHOWN).join(" ")}`,
    ];
  }
}

async function streamFaults(sdk: SdkOptions, table: string, items: ReadonlySet<string>): Promise<readonly string[]> {
  const counts = await insertsInStream(sdk, table);
  const failures: string[] = [];
  for (const name of items) {
    const count = counts.get(name) ?? 0;
    if (count !== 1) failures.push(`the stream has ${count} insertions of ${name}`);
  }
  for (const name of counts.keys()) {
    if (!items.has(name) && !name.startsWith("list-")) failures.push(`the stream has ${name}, which is not there`);
  }
  return failures;
}

/** Insertions by key, from the horizon on, of all shards. */
async function insertsInStream(sdk: SdkOptions, table: string): Promise<ReadonlyMap<string, number>> {
  const [accessKeyId, secretAccessKey] = sdk.credentials === "" ? ["local", "local"] : sdk.credentials.split(":");
  const client = new DynamoDBStreamsClient({
    endpoint: sdk.endpoints()[0] as string, region: "us-east-1",
    credentials: { accessKeyId: accessKeyId ?? "", secretAccessKey: secretAccessKey ?? "" },
  });
  const counts = new Map<string, number>();
  const { Streams } = await client.send(new ListStreamsCommand({ TableName: table }));
  const StreamArn = Streams?.[0]?.StreamArn;
  let after: string | undefined;
  do {
    const { StreamDescription } = await client.send(
      new DescribeStreamCommand({ StreamArn, ExclusiveStartShardId: after }));
    for (const { ShardId } of StreamDescription?.Shards ?? []) {
      const first = await client.send(
        new GetShardIteratorCommand({ StreamArn, ShardId, ShardIteratorType: "TRIM_HORIZON" }));
      let empty = 0;
      for (let iterator = first.ShardIterator; iterator !== undefined;) {
        const { Records, NextShardIterator } = await client.send(
          new GetRecordsCommand({ ShardIterator: iterator, Limit: 1000 }));
        for (const { eventName, dynamodb } of Records ?? []) {
          const key = dynamodb?.Keys?.["pk"]?.S ?? "";
          if (eventName === "INSERT") counts.set(key, (counts.get(key) ?? 0) + 1);
        }
        // An open shard never ends, but the load has.
        empty = (Records ?? []).length === 0 ? empty + 1 : 0;
        iterator = empty === EMPTY_PAGES ? undefined : NextShardIterator;
      }
    }
    after = StreamDescription?.LastEvaluatedShardId;
  } while (after !== undefined);
  client.destroy();
  return counts;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

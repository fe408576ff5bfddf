// What is sent: tables, items and requests of each workload, and what a right answer holds. Keys are drawn
// uniformly. Everything follows from the seed, so that all servers get the same requests.

export type WorkloadName =
  | "get-strong" | "get-eventual" | "put" | "put-indexed" | "update-add" | "query-10" | "mixed-a" | "mixed-b"
  | "transact-3";

export type Check =
  | { readonly kind: "item"; readonly key: string; readonly dataBytes: number }
  | { readonly kind: "count"; readonly count: number }
  /** A batch, all of it written. */
  | { readonly kind: "batch" }
  /** The description of a table that can be used. */
  | { readonly kind: "active" }
  /** Any answer with status 200. */
  | { readonly kind: "status" };

export type PlannedRequest = { readonly operation: string; readonly body: string; readonly check: Check };

export type Workload = {
  readonly name: WorkloadName;
  readonly title: string;
  readonly table: TableName;
  /** A request that is sent again is not done again. */
  readonly isOnce?: true;
  /** How many times as long as others it is warmed up: few requests a second, each through much code. */
  readonly warmUp?: number;
  request(random: () => number): PlannedRequest;
};

/** Indexed: as Items, with two global indexes of all attributes. */
export type TableName = "Items" | "Indexed" | "Lists";

const ITEMS = 10_000;
/** DynamoDB's size of an item: names and values together. */
const ITEM_BYTES = 900;
const LISTS = 1_000;
const LIST_LENGTH = 10;
const LIST_ITEM_BYTES = 200;
const BATCH = 25;

const KEY_BYTES = "item-000000".length;
const DATA_BYTES = ITEM_BYTES - "pk".length - KEY_BYTES - "data".length;
const LIST_DATA_BYTES = LIST_ITEM_BYTES - "pk".length - KEY_BYTES - "sk".length - "00".length - "data".length;
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

export const WORKLOADS: readonly Workload[] = [
  { name: "get-strong", title: "GetItem 900 B, strong", table: "Items", request: (random) => get(random, true) },
  { name: "get-eventual", title: "GetItem 900 B, eventual", table: "Items", request: (random) => get(random, false) },
  { name: "put", title: "PutItem 900 B", table: "Items", request: put },
  { name: "put-indexed", title: "PutItem 900 B, two global indexes", table: "Indexed", request: putIndexed },
  { name: "update-add", title: "UpdateItem ADD with condition", table: "Items", request: updateAdd },
  { name: "query-10", title: "Query, 10 items of 200 B", table: "Lists", request: query },
  {
    name: "transact-3", title: "TransactWriteItems, 3 items of 900 B", table: "Items", isOnce: true, warmUp: 4,
    request: transact,
  },
  { name: "mixed-a", title: "50 % strong reads, 50 % puts", table: "Items", request: mixed(0.5) },
  { name: "mixed-b", title: "95 % strong reads, 5 % puts", table: "Items", request: mixed(0.95) },
];

export function workloadNamed(name: WorkloadName): Workload {
  const found = WORKLOADS.find((workload) => workload.name === name);
  if (found === undefined) throw new Error(`no workload ${name}`);
  return found;
}

/** The body of CreateTable. */
export function tableDefinition(table: TableName): object {
  const names = table === "Lists" ? ["pk", "sk"] : ["pk"];
  const indexed = table === "Indexed" ? ["owner", "place"] : [];
  return {
    TableName: table, BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [...names, ...indexed].map((AttributeName) => ({ AttributeName, AttributeType: "S" })),
    KeySchema: names.map((AttributeName, i) => ({ AttributeName, KeyType: i === 0 ? "HASH" : "RANGE" })),
    ...(indexed.length === 0 ? {} : {
      GlobalSecondaryIndexes: indexed.map((AttributeName) => ({
        IndexName: `by-${AttributeName}`, KeySchema: [{ AttributeName, KeyType: "HASH" }],
        Projection: { ProjectionType: "ALL" },
      })),
    }),
  };
}

/** Requests that fill a table, each to be sent once. */
export function fillRequests(table: TableName, random: () => number): readonly PlannedRequest[] {
  const items: object[] = [];
  if (table !== "Lists") {
    const make = table === "Items" ? item : indexedItem;
    for (let i = 0; i < ITEMS; i++) items.push(make(keyOf(i), random));
  } else {
    for (let i = 0; i < LISTS * LIST_LENGTH; i++) {
      items.push({
        pk: { S: keyOf(Math.floor(i / LIST_LENGTH)) }, sk: { S: String(i % LIST_LENGTH).padStart(2, "0") },
        data: { S: text(LIST_DATA_BYTES, random) },
      });
    }
  }
  return Array.from({ length: Math.ceil(items.length / BATCH) }, (_, i): PlannedRequest => ({
    operation: "BatchWriteItem", check: { kind: "batch" },
    body: JSON.stringify({
      RequestItems: { [table]: items.slice(i * BATCH, (i + 1) * BATCH).map((Item) => ({ PutRequest: { Item } })) },
    }),
  }));
}

/** The items of `Items` one by one, for servers that know no batches. */
export function fillPuts(random: () => number): readonly PlannedRequest[] {
  return Array.from({ length: ITEMS }, (_, i): PlannedRequest => ({
    operation: "PutItem", check: { kind: "status" },
    body: JSON.stringify({ TableName: "Items", Item: item(keyOf(i), random) }),
  }));
}

/** Why `body` is not the right answer, or null. */
export function problemOf(body: Buffer, check: Check): string | null {
  if (check.kind === "status") return null;
  const answer = JSON.parse(body.toString()) as {
    Item?: { pk?: { S?: string }; data?: { S?: string } }; Count?: number; Items?: unknown[];
    UnprocessedItems?: object; Table?: { TableStatus?: string };
  };
  if (check.kind === "active") return answer.Table?.TableStatus === "ACTIVE" ? null : "the table is not ACTIVE";
  if (check.kind === "batch") {
    return Object.keys(answer.UnprocessedItems ?? {}).length === 0 ? null : "a part of the batch was not written";
  }
  if (check.kind === "count") {
    return answer.Count === check.count && answer.Items?.length === check.count ? null : `not ${check.count} items`;
  }
  if (answer.Item?.pk?.S !== check.key) return `not the item ${check.key}`;
  return answer.Item.data?.S?.length === check.dataBytes ? null : `${check.key} has other data`;
}

/** A seeded generator of numbers in [0, 1) (mulberry32): the same requests in every run. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixing = Math.imul(state ^ (state >>> 15), state | 1);
    mixing ^= mixing + Math.imul(mixing ^ (mixing >>> 7), mixing | 61);
    return ((mixing ^ (mixing >>> 14)) >>> 0) / 2 ** 32;
  };
}

function get(random: () => number, isStrong: boolean): PlannedRequest {
  const key = randomKey(ITEMS, random);
  return {
    operation: "GetItem", check: { kind: "item", key, dataBytes: DATA_BYTES },
    body: JSON.stringify({ TableName: "Items", Key: { pk: { S: key } }, ConsistentRead: isStrong }),
  };
}

/** Items of their own: transactions that are under way together do not meet. */
function transact(random: () => number): PlannedRequest {
  const name = Math.floor(random() * 2 ** 48).toString(36);
  const actions = ["a", "b", "c"].map((end) => (
    { Put: { TableName: "Items", Item: item(`item-${name}-${end}`, random) } }));
  return {
    operation: "TransactWriteItems", check: { kind: "status" },
    body: JSON.stringify({ TransactItems: actions, ClientRequestToken: `token-${name}` }),
  };
}

function put(random: () => number): PlannedRequest {
  const body = JSON.stringify({ TableName: "Items", Item: item(randomKey(ITEMS, random), random) });
  return { operation: "PutItem", body, check: { kind: "status" } };
}

function putIndexed(random: () => number): PlannedRequest {
  const body = JSON.stringify({ TableName: "Indexed", Item: indexedItem(randomKey(ITEMS, random), random) });
  return { operation: "PutItem", body, check: { kind: "status" } };
}

function updateAdd(random: () => number): PlannedRequest {
  return {
    operation: "UpdateItem", check: { kind: "status" },
    body: JSON.stringify({
      TableName: "Items", Key: { pk: { S: randomKey(ITEMS, random) } }, UpdateExpression: "ADD hits :one",
      ConditionExpression: "attribute_exists(pk)", ExpressionAttributeValues: { ":one": { N: "1" } },
    }),
  };
}

function query(random: () => number): PlannedRequest {
  return {
    operation: "Query", check: { kind: "count", count: LIST_LENGTH },
    body: JSON.stringify({
      TableName: "Lists", KeyConditionExpression: "pk = :pk",
      ExpressionAttributeValues: { ":pk": { S: randomKey(LISTS, random) } },
    }),
  };
}

function mixed(readShare: number): (random: () => number) => PlannedRequest {
  return (random) => (random() < readShare ? get(random, true) : put(random));
}

function item(key: string, random: () => number): object {
  return { pk: { S: key }, data: { S: text(DATA_BYTES, random) } };
}

/** Of the same size; each put moves it to another place in both indexes. */
function indexedItem(key: string, random: () => number): object {
  const indexed = { owner: { S: randomKey(LISTS, random) }, place: { S: randomKey(LISTS, random) } };
  const extra = "owner".length + "place".length + 2 * KEY_BYTES;
  return { pk: { S: key }, ...indexed, data: { S: text(DATA_BYTES - extra, random) } };
}

function randomKey(count: number, random: () => number): string {
  return keyOf(Math.floor(random() * count));
}

function keyOf(index: number): string {
  return `item-${String(index).padStart(6, "0")}`;
}

function text(length: number, random: () => number): string {
  let made = "";
  for (let i = 0; i < length; i++) made += LETTERS.charAt(Math.floor(random() * LETTERS.length));
  return made;
}

// The same table on a real server, spoken to through the SDK, in the reference's terms.
import assert from "node:assert/strict";
import {
  BatchGetItemCommand, BatchWriteItemCommand, ConditionalCheckFailedException, CreateTableCommand, DeleteItemCommand,
  DescribeTableCommand, DynamoDBClient, GetItemCommand, PutItemCommand, QueryCommand, ScanCommand, UpdateItemCommand,
  waitUntilTableExists, type AttributeValue,
} from "@aws-sdk/client-dynamodb";
import type { Condition, Key, Range, Row, Update, Written } from "./reference.ts";

type Attributes = Record<string, AttributeValue>;
/** What the SDK gives to a handler of requests, and wants from it. */
export type SdkRequest = { readonly headers: Readonly<Record<string, string>>; readonly body?: unknown };
export type SdkResponse = {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
};
export type RequestHandler = { readonly handle: (request: SdkRequest) => Promise<{ response: SdkResponse }> };
type Handler = NonNullable<NonNullable<ConstructorParameters<typeof DynamoDBClient>[0]>["requestHandler"]>;

/** A server that can be taken down and brought up again with its data. */
export type Restartable = {
  readonly endpoint: string;
  /** In place of sockets. */
  readonly requestHandler?: RequestHandler;
  /** `draw` chooses, where there is more than one way to go down. */
  restart(draw: number): Promise<void>;
  stop(): Promise<void>;
};

export class ServerTable {
  readonly #server: Restartable;
  readonly #name: string;
  #client: DynamoDBClient;

  private constructor(server: Restartable, name: string) {
    this.#server = server;
    this.#name = name;
    this.#client = connect(server);
  }

  static async create(server: Restartable, name: string, partitions: number): Promise<ServerTable> {
    const table = new ServerTable(server, name);
    await table.#client.send(new CreateTableCommand({
      TableName: name, BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }, { AttributeName: "sk", AttributeType: "N" }],
      KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }, { AttributeName: "sk", KeyType: "RANGE" }],
      Tags: [{ Key: "stator:partitions", Value: String(partitions) }],
    }));
    return table;
  }

  async restart(draw: number): Promise<void> {
    this.#client.destroy();
    await this.#server.restart(draw);
    this.#client = connect(this.#server);
  }

  close(): void {
    this.#client.destroy();
  }

  async get(key: Key): Promise<Row | null> {
    const { Item } = await this.#client.send(new GetItemCommand({
      TableName: this.#name, Key: keyOf(key), ConsistentRead: true,
    }));
    return Item === undefined ? null : rowOf(Item);
  }

  put(row: Row, condition: Condition): Promise<Written> {
    return written(this.#client.send(new PutItemCommand({
      ...this.#write(condition), Item: itemOf(row), ReturnValues: "ALL_OLD",
    })));
  }

  delete(key: Key, condition: Condition): Promise<Written> {
    return written(this.#client.send(new DeleteItemCommand({
      ...this.#write(condition), Key: keyOf(key), ReturnValues: "ALL_OLD",
    })));
  }

  update(key: Key, update: Update, condition: Condition): Promise<Written> {
    const { ExpressionAttributeValues: conditionValues = {}, ...rest } = this.#write(condition);
    const clauses: string[] = [];
    const values: Attributes = { ...conditionValues };
    const sets: string[] = [];
    const use = (name: string, value: AttributeValue): string => {
      values[name] = value;
      return name;
    };
    if (update.add !== undefined) {
      sets.push(`n = if_not_exists(n, ${use(":zero", { N: "0" })}) + ${use(":add", { N: String(update.add) })}`);
    }
    if (update.setS !== undefined) sets.push(`s = ${use(":s", { S: update.setS })}`);
    if (sets.length > 0) clauses.push(`SET ${sets.join(", ")}`);
    if (update.setS === undefined && update.removeS === true) clauses.push("REMOVE s");
    if (update.addTags !== undefined) clauses.push(`ADD tags ${use(":more", { SS: [...update.addTags] })}`);
    else if (update.deleteTags !== undefined) {
      clauses.push(`DELETE tags ${use(":less", { SS: [...update.deleteTags] })}`);
    }
    return written(this.#client.send(new UpdateItemCommand({
      ...rest, Key: keyOf(key), ReturnValues: "ALL_OLD",
      ...(clauses.length === 0 ? {} : { UpdateExpression: clauses.join(" ") }),
      ...(Object.keys(values).length === 0 ? {} : { ExpressionAttributeValues: values }),
    })));
  }

  async batchWrite(puts: readonly Row[], deletes: readonly Key[]): Promise<void> {
    const { UnprocessedItems } = await this.#client.send(new BatchWriteItemCommand({
      RequestItems: {
        [this.#name]: [
          ...puts.map((row) => ({ PutRequest: { Item: itemOf(row) } })),
          ...deletes.map((key) => ({ DeleteRequest: { Key: keyOf(key) } })),
        ],
      },
    }));
    assert.deepEqual(UnprocessedItems, {});
  }

  async batchGet(keys: readonly Key[]): Promise<Row[]> {
    const { Responses, UnprocessedKeys } = await this.#client.send(new BatchGetItemCommand({
      RequestItems: { [this.#name]: { Keys: keys.map(keyOf), ConsistentRead: true } },
    }));
    assert.deepEqual(UnprocessedKeys, {});
    return (Responses?.[this.#name] ?? []).map(rowOf);
  }

  /** All pages, each of `limit` items but the last. */
  async query(pk: string, range: Range, isForward: boolean, limit: number): Promise<Row[]> {
    const rows: Row[] = [];
    let after: Attributes | undefined;
    do {
      const page = await this.#client.send(new QueryCommand({
        TableName: this.#name, ...keyCondition(pk, range), ScanIndexForward: isForward, Limit: limit,
        ConsistentRead: true,
        ...(after === undefined ? {} : { ExclusiveStartKey: after }),
      }));
      after = page.LastEvaluatedKey;
      checkPage(page.Items, page.Count, page.ScannedCount, after, limit);
      rows.push(...(page.Items ?? []).map(rowOf));
    } while (after !== undefined);
    return rows;
  }

  async scan(segments: number, limit: number): Promise<Row[]> {
    const shares = await Promise.all(Array.from({ length: segments }, async (_, Segment) => {
      const rows: Row[] = [];
      let after: Attributes | undefined;
      do {
        const page = await this.#client.send(new ScanCommand({
          TableName: this.#name, Segment, TotalSegments: segments, Limit: limit, ConsistentRead: true,
          ...(after === undefined ? {} : { ExclusiveStartKey: after }),
        }));
        after = page.LastEvaluatedKey;
        checkPage(page.Items, page.Count, page.ScannedCount, after, limit);
        rows.push(...(page.Items ?? []).map(rowOf));
      } while (after !== undefined);
      return rows;
    }));
    return shares.flat();
  }

  async itemCount(): Promise<number> {
    await waitUntilTableExists(
      { client: this.#client, maxWaitTime: 20, minDelay: 0.02, maxDelay: 0.1 }, { TableName: this.#name },
    );
    const { Table } = await this.#client.send(new DescribeTableCommand({ TableName: this.#name }));
    return Table?.ItemCount ?? Number.NaN;
  }

  #write(condition: Condition): {
    TableName: string; ConditionExpression?: string; ExpressionAttributeValues?: Attributes;
    ReturnValuesOnConditionCheckFailure: "ALL_OLD";
  } {
    const common = { TableName: this.#name, ReturnValuesOnConditionCheckFailure: "ALL_OLD" } as const;
    switch (condition) {
      case "none": return common;
      case "absent": return { ...common, ConditionExpression: "attribute_not_exists(pk)" };
      case "present": return { ...common, ConditionExpression: "attribute_exists(sk)" };
      case "n-above-2":
        return { ...common, ConditionExpression: "n > :two", ExpressionAttributeValues: { ":two": { N: "2" } } };
    }
  }
}

function connect({ endpoint, requestHandler }: Restartable): DynamoDBClient {
  return new DynamoDBClient({
    ...(requestHandler === undefined ? {} : { requestHandler: requestHandler as unknown as Handler }),
    endpoint, region: "us-east-1", credentials: { accessKeyId: "model", secretAccessKey: "model" }, maxAttempts: 1,
  });
}

async function written(sent: Promise<{ Attributes?: Attributes | undefined }>): Promise<Written> {
  try {
    const { Attributes } = await sent;
    return { ok: true, old: Attributes === undefined ? null : rowOf(Attributes) };
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    return { ok: false, current: error.Item === undefined ? null : rowOf(error.Item) };
  }
}

function checkPage(
  items: readonly Attributes[] | undefined, count: number | undefined, scanned: number | undefined,
  after: Attributes | undefined, limit: number,
): void {
  assert.equal(count, items?.length);
  assert.equal(scanned, count);
  assert.ok((count ?? 0) <= limit);
  if (after === undefined) return;
  assert.equal(count, limit, "a page before the last is full");
  const last = items?.at(-1);
  assert.deepEqual(after, { pk: last?.["pk"], sk: last?.["sk"] });
}

type KeyConditionInput = { readonly KeyConditionExpression: string; readonly ExpressionAttributeValues: Attributes };

function keyCondition(pk: string, range: Range): KeyConditionInput {
  const of = (text: string, values: Attributes): KeyConditionInput =>
    ({ KeyConditionExpression: `pk = :pk${text}`, ExpressionAttributeValues: { ":pk": { S: pk }, ...values } });
  switch (range.op) {
    case "all": return of("", {});
    case "between":
      return of(" AND sk BETWEEN :low AND :high", {
        ":low": { N: String(range.low) }, ":high": { N: String(range.high) },
      });
    default: return of(` AND sk ${range.op} :sk`, { ":sk": { N: String(range.sk) } });
  }
}

function keyOf({ pk, sk }: Key): Attributes {
  return { pk: { S: pk }, sk: { N: String(sk) } };
}

function itemOf({ n, s, tags, ...key }: Row): Attributes {
  return {
    ...keyOf(key),
    ...(n === undefined ? {} : { n: { N: String(n) } }),
    ...(s === undefined ? {} : { s: { S: s } }),
    ...(tags === undefined ? {} : { tags: { SS: [...tags] } }),
  };
}

function rowOf(item: Attributes): Row {
  const { pk, sk, n, s, tags, ...others } = item;
  assert.deepEqual(others, {}, "no attribute that nobody wrote");
  return {
    pk: pk?.S as string, sk: Number(sk?.N),
    ...(n === undefined ? {} : { n: Number(n.N) }),
    ...(s === undefined ? {} : { s: s.S as string }),
    ...(tags === undefined ? {} : { tags: [...(tags.SS ?? [])].sort() }),
  };
}

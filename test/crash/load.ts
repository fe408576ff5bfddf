// The load of the crash test: writers that put, count, delete and write in batches, each alone on its keys. Two
// of them write large items, so that log segments fill and checkpoints of the tree run while the kill comes.
import {
  BatchWriteItemCommand, DeleteItemCommand, PutItemCommand, UpdateItemCommand,
  type AttributeValue, type DynamoDBClient,
} from "@aws-sdk/client-dynamodb";
import { TABLE, type KnownItems } from "./known-items.ts";

const WRITERS = 16;
const LARGE_WRITERS = 2;
const KEYS_PER_WRITER = 24;
const KEYS_PER_BATCH = 6;
const PADDING = "x".repeat(700);
/** 48 such items pass the size at which a checkpoint begins (32 MB of distinct keys), with the small ones. */
const LARGE_PADDING = "y".repeat(390 * 1024);

export class Load {
  readonly #client: DynamoDBClient;
  readonly #known: KnownItems;
  readonly #writers: Promise<void>[];
  #isOver = false;

  constructor(client: DynamoDBClient, known: KnownItems) {
    this.#client = client;
    this.#known = known;
    this.#writers = Array.from({ length: WRITERS }, (_, writer) => this.#run(writer));
  }

  /** Resolves when every writer has stopped. */
  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#writers);
  }

  async #run(writer: number): Promise<void> {
    const isLarge = writer < LARGE_WRITERS;
    const keys = Array.from({ length: isLarge ? KEYS_PER_WRITER * 2 : KEYS_PER_WRITER }, (_, i) => `w${writer}-k${i}`);
    try {
      for (let turn = 0; !this.#isOver; turn++) {
        if (isLarge) await this.#put(keys[turn % keys.length] as string, LARGE_PADDING, true);
        else if (turn % 11 === 10) await this.#batch(keys, turn);
        else await this.#small(keys[turn % keys.length] as string, turn);
      }
    } catch {
      // The server is gone: the fate of the last write is not known, which `KnownItems` allows for.
    }
  }

  async #small(key: string, turn: number): Promise<void> {
    switch (turn % 5) {
      case 0:
      case 1:
        return this.#put(key, PADDING, false);
      case 4:
        return this.#delete(key);
      default:
        return this.#add(key);
    }
  }

  async #put(key: string, padding: string, isLarge: boolean): Promise<void> {
    const count = (this.#known.current(key) ?? 0) + 1;
    this.#known.attempt(key, count, isLarge);
    await this.#client.send(new PutItemCommand({ TableName: TABLE, Item: item(key, count, padding) }));
    this.#known.acknowledge(key);
  }

  async #add(key: string): Promise<void> {
    this.#known.attempt(key, (this.#known.current(key) ?? 0) + 1, false);
    await this.#client.send(new UpdateItemCommand({
      TableName: TABLE, Key: { pk: { S: key } }, UpdateExpression: "ADD #c :one",
      ExpressionAttributeNames: { "#c": "count" }, ExpressionAttributeValues: { ":one": { N: "1" } },
    }));
    this.#known.acknowledge(key);
  }

  async #delete(key: string): Promise<void> {
    this.#known.attempt(key, null, false);
    await this.#client.send(new DeleteItemCommand({ TableName: TABLE, Key: { pk: { S: key } } }));
    this.#known.acknowledge(key);
  }

  /** Puts, and one delete: the share of one partition is one log entry, that of another may get lost. */
  async #batch(keys: readonly string[], turn: number): Promise<void> {
    const chosen = Array.from({ length: KEYS_PER_BATCH }, (_, i) => keys[(turn + i) % keys.length] as string);
    const requests = chosen.map((key, i) => {
      const count = (this.#known.current(key) ?? 0) + 1;
      this.#known.attempt(key, i === 0 ? null : count, false);
      return i === 0
        ? { DeleteRequest: { Key: { pk: { S: key } } } }
        : { PutRequest: { Item: item(key, count, PADDING) } };
    });
    const answer = await this.#client.send(new BatchWriteItemCommand({ RequestItems: { [TABLE]: requests } }));
    const left = answer.UnprocessedItems?.[TABLE] ?? [];
    if (left.length > 0) throw new Error("unprocessed: their fate is looked up after the kill");
    for (const key of chosen) this.#known.acknowledge(key);
  }
}

function item(key: string, count: number, padding: string): Record<string, AttributeValue> {
  return { pk: { S: key }, count: { N: String(count) }, padding: { S: padding } };
}

// Clients that fight over a few items, without retries, so that each call is one call: what they saw, and when, is the
// history that the linearizability checker judges.
import {
  ConditionalCheckFailedException, DeleteItemCommand, GetItemCommand, PutItemCommand, UpdateItemCommand,
  type AttributeValue,
} from "@aws-sdk/client-dynamodb";
import { Prng } from "../src/base/prng.ts";
import type { ItemCommand, ItemResult, ItemState } from "../src/sim/checker/history.ts";
import { HistoryRecorder } from "../src/sim/workload/history-recorder.ts";
import { drawCommand } from "../src/sim/workload/mix.ts";
import { RotatingClient, type SdkOptions } from "./sdk-client.ts";

const PAUSE_MS = 8;

export type CheckedOptions = SdkOptions & {
  readonly table: string;
  readonly clients: number;
  readonly partitionKeys: number;
  readonly seed: number;
};

export class CheckedLoad {
  readonly history: HistoryRecorder;
  readonly #options: CheckedOptions;
  readonly #loops: Promise<void>[] = [];
  readonly #startMs: number = performance.now();
  #values = 0;
  #isOver = false;

  constructor(options: CheckedOptions) {
    this.#options = options;
    this.history = new HistoryRecorder(options.partitionKeys);
    const prng = new Prng(options.seed);
    for (let i = 0; i < options.clients; i++) this.#loops.push(this.#run(i, prng.split(`client ${i}`)));
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#loops);
  }

  /** A last read of every item, so that what became of unknown calls is seen. */
  async readAll(): Promise<void> {
    const rotating = new RotatingClient(this.#options, 0);
    for (const item of [...this.history.allItems()]) await this.#call(rotating, -1, item, { kind: "get" });
    rotating.destroy();
  }

  async #run(client: number, prng: Prng): Promise<void> {
    const rotating = new RotatingClient(this.#options, client);
    while (!this.#isOver) {
      const item = this.history.pickItem(prng);
      const command = drawCommand(prng, item, this.history, `${client}.${this.#values++}`);
      await this.#call(rotating, client, item, command);
      await new Promise((resolve) => setTimeout(resolve, prng.below(PAUSE_MS * 2)));
    }
    rotating.destroy();
  }

  async #call(rotating: RotatingClient, client: number, item: string, command: ItemCommand): Promise<void> {
    const invokedUs = this.#nowUs();
    const result = await this.#send(rotating, item, command);
    this.history.record(client, item, command, invokedUs, this.#nowUs(), result);
  }

  async #send(rotating: RotatingClient, item: string, command: ItemCommand): Promise<ItemResult> {
    const [pk, sk] = item.split("/") as [string, string];
    const key = { pk: { S: pk }, sk: { S: sk } };
    const place = { TableName: this.#options.table };
    const { client } = rotating;
    try {
      switch (command.kind) {
        case "get": {
          const { Item } = await client.send(new GetItemCommand({ ...place, Key: key, ConsistentRead: true }));
          return { kind: "read", value: stateOf(Item) };
        }
        case "put":
          return done(await client.send(new PutItemCommand({
            ...place, Item: { ...key, v: { S: command.value } }, ReturnValues: "ALL_OLD",
          })));
        case "create":
          await client.send(new PutItemCommand({
            ...place, Item: { ...key, v: { S: command.value } }, ConditionExpression: "attribute_not_exists(pk)",
          }));
          return { kind: "done", old: undefined };
        case "swap":
          return done(await client.send(new PutItemCommand({
            ...place, Item: { ...key, v: { S: command.value } }, ConditionExpression: "v = :expected",
            ExpressionAttributeValues: { ":expected": { S: command.expected } }, ReturnValues: "ALL_OLD",
          })));
        case "delete":
          return done(await client.send(new DeleteItemCommand({ ...place, Key: key, ReturnValues: "ALL_OLD" })));
        case "delete-if":
          return done(await client.send(new DeleteItemCommand({
            ...place, Key: key, ConditionExpression: "v = :expected", ReturnValues: "ALL_OLD",
            ExpressionAttributeValues: { ":expected": { S: command.expected } },
          })));
        case "add": {
          const { Attributes } = await client.send(new UpdateItemCommand({
            ...place, Key: key, UpdateExpression: "ADD n :by", ReturnValues: "UPDATED_NEW",
            ExpressionAttributeValues: { ":by": { N: String(command.by) } },
          }));
          return { kind: "sum", value: Attributes?.["n"]?.N ?? "" };
        }
      }
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return { kind: "failed", old: undefined };
      rotating.failed(error);
      return { kind: "unknown" };
    }
  }

  #nowUs(): number {
    return Math.round((performance.now() - this.#startMs) * 1_000);
  }
}

/** The answer to a call that asked for the old item: without attributes there was none. */
function done(answer: { readonly Attributes?: Record<string, AttributeValue> | undefined }): ItemResult {
  return { kind: "done", old: stateOf(answer.Attributes) };
}

function stateOf(item: Record<string, AttributeValue> | undefined): ItemState {
  return item === undefined ? null : item["v"]?.S ?? item["n"]?.N ?? null;
}

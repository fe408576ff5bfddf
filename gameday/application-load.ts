// What an application does all the time: writes new items and reads earlier ones with strong consistency, with the
// SDK's default retries. It measures availability, and each item it was told to be written must be there for ever.
import { GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import type { Availability } from "./availability.ts";
import { nameOf, RotatingClient, type SdkOptions } from "./sdk-client.ts";

const VALUE_BYTES = 900;
const READ_BACK = 64;

export type LoadOptions = SdkOptions & {
  readonly table: string;
  readonly clients: number;
  /** Between two calls of a client. */
  readonly pauseMs: number;
};

export class ApplicationLoad {
  readonly acknowledged: Map<string, string> = new Map();
  /** Reads that found something else than what was acknowledged. */
  readonly wrong: string[] = [];
  /** Failed calls by the error's name. */
  readonly errors: Map<string, number> = new Map();
  readonly #options: LoadOptions;
  readonly #availability: Availability;
  readonly #loops: Promise<void>[] = [];
  #isOver = false;

  constructor(options: LoadOptions, availability: Availability) {
    this.#options = options;
    this.#availability = availability;
    for (let i = 0; i < options.clients; i++) this.#loops.push(this.#run(i));
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#loops);
  }

  async #run(index: number): Promise<void> {
    const rotating = new RotatingClient(this.#options, index);
    const recent: string[] = [];
    for (let turn = 0; !this.#isOver; turn++) {
      const key = `app-${index}-${turn}`;
      if (await this.#put(rotating, key)) recent.push(key);
      if (recent.length > READ_BACK) recent.shift();
      const back = recent[(turn * 7) % Math.max(1, recent.length)];
      if (back !== undefined) await this.#get(rotating, back);
      await new Promise((resolve) => setTimeout(resolve, this.#options.pauseMs));
    }
    rotating.destroy();
  }

  async #put(rotating: RotatingClient, key: string): Promise<boolean> {
    const began = this.#availability.begin();
    const value = `${key} ${"v".repeat(VALUE_BYTES - key.length)}`;
    try {
      await rotating.client.send(new PutItemCommand({
        TableName: this.#options.table, Item: { pk: { S: key }, sk: { S: "app" }, v: { S: value } },
      }));
      this.acknowledged.set(key, value);
      this.#availability.note("write", began, "ok");
      return true;
    } catch (error) {
      this.#failed(rotating, "write", began, error);
      return false;
    }
  }

  async #get(rotating: RotatingClient, key: string): Promise<void> {
    const began = this.#availability.begin();
    try {
      const { Item } = await rotating.client.send(new GetItemCommand({
        TableName: this.#options.table, Key: { pk: { S: key }, sk: { S: "app" } }, ConsistentRead: true,
      }));
      this.#availability.note("read", began, "ok");
      if (Item?.["v"]?.S !== this.acknowledged.get(key)) {
        this.wrong.push(`a strong read of ${key} found ${Item === undefined ? "nothing" : "another value"}`);
      }
    } catch (error) {
      this.#failed(rotating, "read", began, error);
    }
  }

  #failed(rotating: RotatingClient, kind: "read" | "write", began: number, error: unknown): void {
    const name = nameOf(error);
    this.errors.set(name, (this.errors.get(name) ?? 0) + 1);
    this.#availability.note(kind, began, "error");
    rotating.failed(error);
  }
}

// Clients that make transactions over items of several partitions. Each appends a name of its own to some lists, under
// conditions on what was seen before, and puts an item of its own, which a global index and a stream show; others read
// lists at once, or append to one without a transaction. Calls have no retries of the SDK: what is of unknown fate is
// sent again under the same token through another router, as an application would. What must follow is judged in
// transaction-verdict.ts.
import {
  TransactGetItemsCommand, TransactionCanceledException, TransactionConflictException, TransactWriteItemsCommand,
  UpdateItemCommand, type AttributeValue, type TransactWriteItem,
} from "@aws-sdk/client-dynamodb";
import { Prng } from "../src/base/prng.ts";
import type { TransactionCall } from "../src/sim/checker/serializable.ts";
import { nameOf, RotatingClient, type SdkOptions } from "./sdk-client.ts";

const LISTS = 5;
/** Calls on one set of lists: lists stay short, and each set is judged by itself. */
const CALLS_PER_SET = 250;
const PAUSE_MS = 60;
const REPEATS_MAX = 3;
const REPEAT_PAUSE_MS = 200;
const OWNERS = 7;

export type TransactionLoadOptions = SdkOptions & {
  readonly table: string;
  readonly clients: number;
  readonly seed: number;
};

type Plan = {
  readonly name: string;
  readonly set: number;
  readonly kind: "transact" | "plain" | "read";
  /** Lists that are appended to, or read. */
  readonly lists: readonly string[];
  /** Lengths that lists must have. */
  readonly seen: ReadonlyMap<string, number>;
};
type Answer = { readonly result: TransactionCall["result"]; readonly seen: ReadonlyMap<string, number> };

export class TransactionLoad {
  /** By set of lists. */
  readonly calls: Map<number, TransactionCall[]> = new Map();
  /** Names of those that put an item of their own. */
  readonly transacted: Set<string> = new Set();
  /** Answers that no such call can have. */
  readonly wrong: string[] = [];
  readonly #options: TransactionLoadOptions;
  readonly #loops: Promise<void>[] = [];
  readonly #startMs: number = performance.now();
  readonly #lengths: Map<string, number> = new Map();
  #sequence = 0;
  #isOver = false;

  constructor(options: TransactionLoadOptions) {
    this.#options = options;
    const prng = new Prng(options.seed).split("transactions");
    for (let i = 0; i < options.clients; i++) this.#loops.push(this.#run(i, prng.split(`client ${i}`)));
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#loops);
  }

  /** Names of the lists of a set. */
  static listsOf(set: number): readonly string[] {
    return Array.from({ length: LISTS }, (_, i) => `list-${set}-${i}`);
  }

  async #run(client: number, prng: Prng): Promise<void> {
    const rotating = new RotatingClient(this.#options, client);
    while (!this.#isOver) {
      const plan = this.#plan(prng);
      const invokedUs = this.#nowUs();
      const { result, seen } = await this.#make(rotating, plan);
      const calls = this.calls.get(plan.set) ?? [];
      this.calls.set(plan.set, calls);
      calls.push({
        name: plan.name, writes: plan.kind === "read" ? [] : plan.lists, seen, invokedUs, result,
        returnedUs: result === "unknown" ? Infinity : this.#nowUs(),
      });
      await pause(prng.below(PAUSE_MS * 2));
    }
    rotating.destroy();
  }

  #plan(prng: Prng): Plan {
    const sequence = this.#sequence++;
    const set = Math.floor(sequence / CALLS_PER_SET);
    const all = TransactionLoad.listsOf(set);
    const drawn = [...new Set(Array.from({ length: prng.between(1, 3) }, () => prng.pick(all)))];
    const common = { name: `t${sequence}`, set };
    if (prng.chance(1, 4)) return { ...common, kind: "read", lists: drawn, seen: new Map() };
    if (prng.chance(1, 6)) return { ...common, kind: "plain", lists: drawn.slice(0, 1), seen: new Map() };
    const seen = new Map(drawn.filter(() => prng.chance(1, 4)).map((list) => [list, this.#lengths.get(list) ?? 0]));
    this.transacted.add(common.name);
    return { ...common, kind: "transact", lists: drawn, seen };
  }

  async #make(rotating: RotatingClient, plan: Plan): Promise<Answer> {
    for (let tries = 0; ; tries++) {
      const answer = await this.#send(rotating, plan);
      // A refusal of a repetition says nothing of the first try.
      if (answer.result !== "unknown") {
        return tries > 0 && answer.result === "not-done" ? { ...answer, result: "unknown" } : answer;
      }
      if (plan.kind !== "transact" || tries === REPEATS_MAX) return answer;
      await pause(REPEAT_PAUSE_MS);
    }
  }

  async #send(rotating: RotatingClient, plan: Plan): Promise<Answer> {
    const { kind, lists, seen } = plan;
    const { client } = rotating;
    try {
      if (kind === "read") {
        const lengths = new Map((await readLists(rotating, this.#options.table, lists))
          .map((list, i) => [lists[i] as string, list.length]));
        for (const [list, length] of lengths) this.#lengths.set(list, length);
        return { result: "done", seen: lengths };
      }
      if (kind === "plain") await client.send(new UpdateItemCommand(this.#append(plan, lists[0] as string)));
      else {
        await client.send(new TransactWriteItemsCommand({
          TransactItems: this.#actions(plan), ClientRequestToken: `gameday-${plan.name}`,
        }));
      }
      for (const [list, length] of seen) this.#lengths.set(list, length + 1);
      return { result: "done", seen };
    } catch (error) {
      return { result: this.#resultOf(rotating, plan, error), seen };
    }
  }

  #resultOf(rotating: RotatingClient, { kind, name }: Plan, error: unknown): TransactionCall["result"] {
    if (error instanceof TransactionCanceledException && kind !== "plain") return "not-done";
    if (error instanceof TransactionConflictException && kind === "plain") return "not-done";
    const called = nameOf(error);
    const isRefusal = error instanceof TransactionCanceledException || called === "ValidationException"
      || called === "ConditionalCheckFailedException" || called === "IdempotentParameterMismatchException";
    if (isRefusal) this.wrong.push(`${kind} ${name} was answered with ${called}: ${(error as Error).message}`);
    rotating.failed(error);
    return "unknown";
  }

  #actions(plan: Plan): TransactWriteItem[] {
    const actions: TransactWriteItem[] = plan.lists.map((list) => ({ Update: this.#append(plan, list) }));
    const owner = `owner-${Number(plan.name.slice(1)) % OWNERS}`;
    actions.push({
      Put: {
        TableName: this.#options.table, Item: { pk: { S: plan.name }, owner: { S: owner } },
        ConditionExpression: "attribute_not_exists(pk)",
      },
    });
    return actions;
  }

  #append({ name, seen }: Plan, list: string): {
    TableName: string; Key: Record<string, AttributeValue>; UpdateExpression: string; ConditionExpression?: string;
    ExpressionAttributeValues: Record<string, AttributeValue>;
  } {
    const length = seen.get(list);
    const values: Record<string, AttributeValue> = { ":none": { L: [] }, ":name": { L: [{ S: name }] } };
    const common = {
      TableName: this.#options.table, Key: { pk: { S: list } },
      UpdateExpression: "SET l = list_append(if_not_exists(l, :none), :name)", ExpressionAttributeValues: values,
    };
    if (length === undefined) return common;
    if (length === 0) return { ...common, ConditionExpression: "attribute_not_exists(l)" };
    values[":length"] = { N: String(length) };
    return { ...common, ConditionExpression: "size(l) = :length" };
  }

  #nowUs(): number {
    return Math.round((performance.now() - this.#startMs) * 1_000);
  }
}

/** Lists as they were at one moment. */
export async function readLists(
  { client }: RotatingClient, table: string, lists: readonly string[],
): Promise<readonly (readonly string[])[]> {
  const { Responses } = await client.send(new TransactGetItemsCommand({
    TransactItems: lists.map((list) => ({ Get: { TableName: table, Key: { pk: { S: list } } } })),
  }));
  return lists.map((_, i) => (Responses?.[i]?.Item?.["l"]?.L ?? []).map(({ S }) => S ?? ""));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

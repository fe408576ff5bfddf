// Clients that make transactions while faults go on. Each appends a name of its own to the lists of some items, under
// conditions on what it saw before, or reads some lists at once; see checker/serializable.ts for what follows. Items
// lie in a table that other clients use too.
import { must } from "../../base/assert.ts";
import type { Prng } from "../../base/prng.ts";
import { utf8Decode } from "../../base/utf8.ts";
import type { AttributeValue } from "../../model/attribute-value.ts";
import type { ConditionNode, UpdateNode } from "../../model/expression/ast.ts";
import { addressOf } from "../../model/key-encoding.ts";
import type {
  CheckOperation, GetOperation, GetOutcome, ItemJson, Operation, Outcome, TransactAction, UpdateOperation,
} from "../../model/operation.ts";
import type { TableSchema } from "../../model/table-schema.ts";
import type { TransactionCall } from "../checker/serializable.ts";
import { EVENT_CLIENT, WORLD, type EventLoop } from "../world/event-loop.ts";
import type { FrontEnd } from "./front-end.ts";

export type TransactionClientEnv = {
  readonly loop: EventLoop;
  readonly prng: Prng;
  readonly frontEnd: FrontEnd;
  readonly timeoutMs: number;
  /** Clocks agree so far that a token means the same to all routers. */
  readonly repeatsTokens: boolean;
  readonly onOddity: (message: string) => void;
};

const ITEMS: readonly string[] = ["x0", "x1", "x2", "x3", "x4"];
const LISTERS = 3;
const THINK_US_MAX = 15_000;
const HOP_US = 150;
const BACK_OFF_US = 20_000;
/** The last read goes on until it is done: what holds the items must have been ended by then. */
const LAST_READ_PAUSE_US = 100_000;

/** One call that is made, perhaps several times under one token. */
type Plan = {
  readonly name: string;
  readonly writes: readonly string[];
  readonly seen: ReadonlyMap<string, number>;
  readonly checks: readonly string[];
  readonly kind: "transact" | "plain" | "read";
  readonly reads: readonly string[];
};

export class TransactionClient {
  readonly #env: TransactionClientEnv;
  readonly calls: TransactionCall[] = [];
  /** Length of each item's list as last seen. */
  readonly #lengths: Map<string, number> = new Map(ITEMS.map((item) => [item, 0]));
  #sequence = 0;
  #busy = 0;
  #isStopped = false;
  committed = 0;

  constructor(env: TransactionClientEnv) {
    this.#env = env;
  }

  get isBusy(): boolean {
    return this.#busy > 0;
  }

  start(): void {
    for (let i = 0; i < LISTERS; i++) this.#idle(i, this.#env.prng.between(1, THINK_US_MAX));
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Reads all lists at once, as often as it takes. */
  readAll(done: (lists: ReadonlyMap<string, readonly string[]>) => void): void {
    const { frontEnd } = this.#env;
    const door = 1 + (this.#sequence++ % frontEnd.doors);
    const make = (table: TableSchema): Operation => (
      { kind: "transact-get", gets: ITEMS.map((item) => getOf(table, item)) });
    this.#send(door, make, (outcome) => {
      if (outcome?.kind === "items") {
        done(new Map(ITEMS.map((item, i) => [item, listOf((outcome.outcomes[i] as GetOutcome).json)])));
      } else this.#later(LAST_READ_PAUSE_US, () => this.readAll(done));
    });
  }

  #idle(lister: number, forUs: number): void {
    this.#later(forUs, () => {
      if (this.#isStopped) return;
      this.#busy++;
      this.#make(lister, this.#plan(), this.#env.loop.nowUs, 0);
    });
  }

  #plan(): Plan {
    const { prng } = this.#env;
    const name = `t${this.#sequence++}`;
    const items = [...new Set(Array.from({ length: prng.between(1, 4) }, () => prng.pick(ITEMS)))];
    if (prng.chance(1, 3)) return { name, kind: "read", writes: [], checks: [], seen: new Map(), reads: items };
    if (prng.chance(1, 5)) {
      const [item] = items;
      return { name, kind: "plain", writes: [must(item)], checks: [], seen: new Map(), reads: [] };
    }
    const checks = items.length > 1 && prng.chance(1, 2) ? items.slice(1).filter(() => prng.chance(1, 2)) : [];
    const writes = items.filter((item) => !checks.includes(item));
    const conditional = [...checks, ...writes.filter(() => prng.chance(1, 4))];
    const seen = new Map(conditional.map((item) => [item, must(this.#lengths.get(item))]));
    return { name, kind: "transact", writes, checks, seen, reads: [] };
  }

  #make(lister: number, plan: Plan, invokedUs: number, tries: number): void {
    const { loop, prng, frontEnd, repeatsTokens } = this.#env;
    const door = prng.between(1, frontEnd.doors);
    const hasToken = repeatsTokens && plan.kind === "transact" && Number(plan.name.slice(1)) % 2 === 0;
    this.#send(door, (table) => operationOf(table, plan, hasToken), (outcome, wasRefused) => {
      const result = resultOf(plan, outcome);
      if (result === null) {
        this.#env.onOddity(`${plan.kind} ${plan.name} was answered with ${JSON.stringify(outcome)}`);
      }
      if (result === "unknown" && !wasRefused && hasToken && tries < 2 && !this.#isStopped) {
        this.#later(BACK_OFF_US, () => this.#make(lister, plan, invokedUs, tries + 1));
        return;
      }
      // A refusal of a repetition says nothing of the first try, which may be done later.
      const isOpen = result === null || result === "unknown" || (tries > 0 && result === "not-done");
      const seen = plan.kind === "read" && outcome?.kind === "items" ? lengthsOf(plan, outcome.outcomes) : plan.seen;
      if (!wasRefused || tries > 0) {
        this.calls.push({
          name: plan.name, writes: plan.writes, seen, invokedUs, returnedUs: isOpen ? Infinity : loop.nowUs,
          result: isOpen ? "unknown" : result,
        });
      }
      if (result === "done") {
        this.committed++;
        for (const [item, length] of seen) this.#lengths.set(item, length + (plan.writes.includes(item) ? 1 : 0));
      }
      this.#busy--;
      this.#idle(lister, result === "unknown" ? BACK_OFF_US : prng.between(1, THINK_US_MAX));
    });
  }

  /** `wasRefused`: nobody took the call. */
  #send(
    door: number, make: (table: TableSchema) => Operation, done: (outcome: Outcome | null, wasRefused: boolean) => void,
  ): void {
    const { loop, frontEnd, timeoutMs } = this.#env;
    let isSettled = false;
    const settle = (outcome: Outcome | null, wasRefused: boolean): void => {
      if (isSettled) return;
      isSettled = true;
      done(outcome, wasRefused);
    };
    loop.schedule(loop.nowUs + HOP_US, EVENT_CLIENT, frontEnd.targetOf(door), this.#sequence, () => {
      if (isSettled) return;
      const table = frontEnd.table(door);
      if (table === null) settle(null, true);
      else frontEnd.execute(door, make(table), (outcome) => this.#later(HOP_US, () => settle(outcome, false)));
    });
    this.#later(timeoutMs * 1000, () => settle(null, false));
  }

  #later(delayUs: number, run: () => void): void {
    const { loop } = this.#env;
    loop.schedule(loop.nowUs + delayUs, EVENT_CLIENT, WORLD, 0, run);
  }
}

// ---- Operations.

function addressed(table: TableSchema, item: string): Pick<GetOperation, "table" | "address"> {
  return { table, address: addressOf(table, { S: item }, { S: "list" }) };
}

function getOf(table: TableSchema, item: string): GetOperation {
  return { kind: "get", ...addressed(table, item), isStrong: true, projection: null };
}

function hasLength(length: number): ConditionNode {
  if (length === 0) return { kind: "attribute_not_exists", path: ["l"] };
  return {
    kind: "compare", comparator: "=", left: { kind: "size", path: ["l"] },
    right: { kind: "value", value: { N: String(length) } },
  };
}

function append(table: TableSchema, item: string, name: string, seen: number | undefined): UpdateOperation {
  const value = (list: AttributeValue[]): UpdateNode["set"][number]["value"] => (
    { kind: "operand", operand: { kind: "value", value: { L: list } } });
  return {
    kind: "update", ...addressed(table, item), keyItem: { pk: { S: item }, sk: { S: "list" } },
    condition: seen === undefined ? null : hasLength(seen),
    update: {
      set: [{
        path: ["l"], value: {
          kind: "list_append", left: { kind: "if_not_exists", path: ["l"], otherwise: value([]) },
          right: value([{ S: name }]),
        },
      }],
      remove: [], add: [], delete: [],
    },
    returnValues: "NONE", returnOldOnFailure: false,
  };
}

function operationOf(table: TableSchema, plan: Plan, hasToken: boolean): Operation {
  const { name, kind, writes, checks, seen, reads } = plan;
  if (kind === "read") return { kind: "transact-get", gets: reads.map((item) => getOf(table, item)) };
  if (kind === "plain") return append(table, must(writes[0]), name, undefined);
  const actions: TransactAction[] = writes.map((item) => append(table, item, name, seen.get(item)));
  for (const item of checks) {
    const check: CheckOperation = {
      kind: "check", ...addressed(table, item), condition: hasLength(must(seen.get(item))), returnOldOnFailure: false,
    };
    actions.push(check);
  }
  return { kind: "transact-write", actions, token: hasToken ? `token-${name}` : null, hash: name };
}

/** Null: an outcome that the call cannot have, whatever happens around it. */
function resultOf({ kind }: Plan, outcome: Outcome | null): TransactionCall["result"] | null {
  if (outcome === null) return "unknown";
  switch (outcome.kind) {
    case "unavailable":
    case "overloaded":
    case "throughput-exceeded":
    case "token-in-progress":
      return "unknown";
    case "items":
      return kind === "read" ? "done" : null;
    case "transacted":
      return kind === "transact" ? "done" : null;
    case "written":
      return kind === "plain" ? "done" : null;
    case "conflict":
      return kind === "plain" ? "not-done" : null;
    case "cancelled":
      return kind === "plain" ? null : "not-done";
    default:
      return null;
  }
}

function listOf(json: ItemJson | null): readonly string[] {
  if (json === null) return [];
  type Listed = { readonly l?: { readonly L: readonly { readonly S: string }[] } };
  const item = JSON.parse(must(utf8Decode(json), "an item is UTF-8")) as Listed;
  return (item.l?.L ?? []).map(({ S }) => S);
}

function lengthsOf({ reads }: Plan, outcomes: readonly Outcome[]): ReadonlyMap<string, number> {
  return new Map(reads.map((item, i) => [item, listOf((outcomes[i] as GetOutcome).json).length]));
}

// A client of the simulated cluster: makes one call after the other through a router, and writes down what it
// asked and what it was told. It lives outside the cluster; its clock is the true time.
import type { Prng } from "../../base/prng.ts";
import type { Item } from "../../model/attribute-value.ts";
import type { BatchGetOutcome, BatchWriteOutcome, Operation, Outcome, PageOptions } from "../../model/operation.ts";
import type { TableSchema } from "../../model/table-schema.ts";
import type { ItemCommand, ItemState } from "../checker/history.ts";
import type { LoadOptions } from "../swarm/options.ts";
import { EVENT_CLIENT, WORLD, type EventLoop } from "../world/event-loop.ts";
import type { FrontEnd } from "./front-end.ts";
import type { HistoryRecorder } from "./history-recorder.ts";
import { drawCallKind, drawCommand, drawStyle } from "./mix.ts";
import {
  addressOfItem, getOperation, itemsOf, indexQueryOperation, queryOperation, resultOf, scanOperation, writeOperation,
} from "./operations.ts";

export type ClientEnv = {
  readonly loop: EventLoop;
  readonly prng: Prng;
  readonly load: LoadOptions;
  readonly history: HistoryRecorder;
  readonly frontEnd: FrontEnd;
};

/** Between client and router, one way. */
const HOP_US_MIN = 50;
const HOP_US_MAX = 400;
/** After a refused connection or an error: clients back off. */
const BACK_OFF_US = 20_000;

/** Null: no answer in time. Returns the key to go on behind, if the call has further pages. */
type Settle = (outcome: Outcome | null, invokedUs: number) => Item | undefined | void;

export class Client {
  readonly #env: ClientEnv;
  readonly #id: number;
  #door: number;
  #sequence = 0;
  #onceCount = 0;
  #isStopped = false;
  #isBusy = false;

  constructor(env: ClientEnv, id: number) {
    this.#env = env;
    this.#id = id;
    this.#door = 1 + (id % env.frontEnd.doors);
  }

  get isBusy(): boolean {
    return this.#isBusy;
  }

  start(): void {
    this.#isStopped = false;
    this.#later(this.#env.prng.between(1, this.#env.load.thinkUsMax), () => this.#next());
  }

  /** Makes no further call; the one under way is still recorded. */
  stop(): void {
    this.#isStopped = true;
  }

  #next(): void {
    if (this.#isStopped || this.#isBusy) return;
    this.#isBusy = true;
    const { prng } = this.#env;
    const kind = drawCallKind(prng);
    switch (kind) {
      case "item":
        return this.#itemCall();
      case "once":
        return this.#onceCall();
      case "eventual":
        return this.#eventualGet();
      case "query":
        return prng.chance(1, 3) ? this.#indexQuery() : this.#pages(false);
      case "scan":
        return this.#pages(true);
      case "batch-get":
        return this.#batchGet();
      case "batch-write":
        return this.#batchWrite();
      default:
        return unknownKind(kind);
    }
  }

  #itemCall(): void {
    const { prng, history, load } = this.#env;
    const item = history.pickItem(prng);
    const command = drawCommand(prng, item, history, this.#nextValue());
    const style = drawStyle(prng, load);
    this.#invoke((table) => command.kind === "get"
      ? getOperation(table, item, true)
      : writeOperation(table, item, command, style),
    (outcome, invokedUs) => this.#record(item, command, outcome, invokedUs, style.wantsOld));
  }

  /** An item that is written once and never again. Its name is never reused, so its fate is plain. */
  #onceCall(): void {
    const { prng, history, load } = this.#env;
    const item = `o${this.#id}/${String(this.#onceCount++).padStart(5, "0")}`;
    const value = this.#nextValue();
    const command: ItemCommand = { kind: "put", value };
    const style = drawStyle(prng, load);
    this.#invoke((table) => writeOperation(table, item, command, style), (outcome, invokedUs) => {
      this.#record(item, command, outcome, invokedUs, style.wantsOld);
      if (outcome?.kind === "written") history.acknowledged.set(item, value);
    });
  }

  /** An eventual read may be old, but it shows nothing that nobody ever wrote. */
  #eventualGet(): void {
    const { prng, history } = this.#env;
    const item = history.pickItem(prng);
    this.#invoke((table) => getOperation(table, item, false), (outcome) => {
      if (outcome?.kind !== "item") return;
      const result = resultOf({ kind: "get" }, outcome, false);
      if (result?.kind === "read") history.noteEventual(item, result.value);
    });
  }

  /**
   * A strong query shows each item of a partition key as a strong get within the same time would; so does a
   * strong scan, for all of them. Either may take several pages.
   */
  #pages(isScan: boolean): void {
    const { prng, history, loop } = this.#env;
    const p = prng.below(history.partitionKeys);
    const items = isScan ? history.currentItems() : history.itemsOf(p);
    const isForward = isScan || prng.chance(1, 2);
    const limit = prng.chance(1, 2) ? null : prng.between(1, 6);
    const shown = new Map<string, ItemState>();
    const beganUs = loop.nowUs;
    const ask = (after: Item | null): void => this.#invoke((table) => {
      const page: PageOptions = {
        isForward, limit, after: after === null ? null : addressOfItem(table, after), filter: null, projection: null,
        isCountOnly: false, isStrong: true,
      };
      return isScan ? scanOperation(table, page) : queryOperation(table, `p${p}`, page);
    }, (outcome) => {
      if (outcome === null || outcome.kind === "unavailable" || outcome.kind === "overloaded") return;
      if (outcome.kind !== "page") {
        history.oddities.push(`a query was answered with ${outcome.kind}`);
        return;
      }
      for (const { item, state } of outcome.runs.flatMap(itemsOf)) {
        if (shown.has(item)) history.oddities.push(`item ${item} came twice in one ${isScan ? "scan" : "query"}`);
        shown.set(item, state);
      }
      if (outcome.lastKey !== null) return outcome.lastKey;
      for (const item of items) {
        this.#settle(item, { kind: "get" }, beganUs, { kind: "read", value: shown.get(item) ?? null });
      }
      return undefined;
    }, ask);
    ask(null);
  }

  /**
   * One page of a strong query on an index shows every item that has its sort attribute as a strong get would, and only
   * those. Over several pages items may move from one to another; then nothing is concluded.
   */
  #indexQuery(): void {
    const { prng, history, loop } = this.#env;
    const p = prng.below(history.partitionKeys);
    const ofCounters = prng.chance(1, 2);
    const items = history.itemsOf(p).filter((item) => history.isCounter(item) === ofCounters);
    const isForward = prng.chance(1, 2);
    const beganUs = loop.nowUs;
    this.#invoke((table) => indexQueryOperation(table, `p${p}`, ofCounters, {
      isForward, limit: null, after: null, filter: null, projection: null, isCountOnly: false, isStrong: true,
    }), (outcome) => {
      if (outcome?.kind !== "page" || outcome.lastKey !== null) return;
      const shown = new Map(outcome.runs.flatMap(itemsOf).map(({ item, state }) => [item, state]));
      for (const item of items) {
        this.#settle(item, { kind: "get" }, beganUs, { kind: "read", value: shown.get(item) ?? null });
      }
    });
  }

  #batchGet(): void {
    const { prng, history } = this.#env;
    const items = this.#pickDistinct(prng.between(2, 5));
    this.#invoke((table) => ({ kind: "batch-get", gets: items.map((item) => getOperation(table, item, true)) }),
      (outcome, invokedUs) => {
        if (outcome === null) return;
        if (outcome.kind !== "items") {
          history.oddities.push(`a batch get was answered with ${outcome.kind}`);
          return;
        }
        this.#spread(items, items.map(() => ({ kind: "get" })), outcome, invokedUs, false);
      });
  }

  #batchWrite(): void {
    const { prng, history, load } = this.#env;
    const items = this.#pickDistinct(prng.between(2, 5)).filter((item) => !history.isCounter(item));
    const style = { ...drawStyle(prng, load), wantsOld: false };
    const commands = items.map((): ItemCommand =>
      prng.chance(1, 4) ? { kind: "delete" } : { kind: "put", value: this.#nextValue() });
    if (items.length === 0) return this.#idle(1);
    this.#invoke((table) => ({
      kind: "batch-write",
      writes: items.map((item, i) => writeOperation(table, item, commands[i] as ItemCommand, style) as never),
    }), (outcome, invokedUs) => {
      if (outcome !== null && outcome.kind !== "batch-written") {
        history.oddities.push(`a batch write was answered with ${outcome.kind}`);
      }
      this.#spread(items, commands, outcome?.kind === "batch-written" ? outcome : null, invokedUs, false);
    });
  }

  #spread(
    items: readonly string[], commands: readonly ItemCommand[], outcome: BatchGetOutcome | BatchWriteOutcome | null,
    invokedUs: number, wantsOld: boolean,
  ): void {
    items.forEach((item, i) => {
      this.#record(item, commands[i] as ItemCommand, outcome?.outcomes[i] ?? null, invokedUs, wantsOld);
    });
  }

  #record(item: string, command: ItemCommand, outcome: Outcome | null, invokedUs: number, wantsOld: boolean): void {
    const result = outcome === null ? { kind: "unknown" } as const : resultOf(command, outcome, wantsOld);
    if (result === null) {
      const text = `${command.kind} of ${item} was answered with ${JSON.stringify(outcome)}`;
      this.#env.history.oddities.push(text);
      this.#settle(item, command, invokedUs, { kind: "unknown" });
    } else this.#settle(item, command, invokedUs, result);
  }

  #settle(
    item: string, command: ItemCommand, invokedUs: number, result: Parameters<HistoryRecorder["record"]>[5],
  ): void {
    const { history, loop } = this.#env;
    history.record(this.#id, item, command, invokedUs, loop.nowUs, result);
  }

  /** Sends a call to a router; `settle` runs once, or never when it was certainly not executed. */
  #invoke(make: (table: TableSchema) => Operation, settle: Settle, more: ((after: Item) => void) | null = null): void {
    const { loop, prng, frontEnd, load, history } = this.#env;
    const invokedUs = loop.nowUs;
    const door = this.#door;
    let isSettled = false;
    const finish = (outcome: Outcome | null): void => {
      if (isSettled) return;
      isSettled = true;
      const after = settle(outcome, invokedUs);
      if (after !== undefined && more !== null) {
        more(after);
        return;
      }
      const isGood = outcome !== null && outcome.kind !== "unavailable" && outcome.kind !== "overloaded";
      if (outcome === null) history.counts.timedOut++;
      else if (!isGood) history.counts.unavailable++;
      if (!isGood) this.#door = 1 + (door % frontEnd.doors);
      this.#idle(isGood ? prng.between(1, load.thinkUsMax) : BACK_OFF_US);
    };
    loop.schedule(loop.nowUs + this.#hop(), EVENT_CLIENT, frontEnd.targetOf(door), this.#sequence, () => {
      const table = frontEnd.table(door);
      if (isSettled) return; // held back at a paused router until the client gave up
      if (table === null) {
        isSettled = true; // refused: not executed
        this.#door = 1 + (door % frontEnd.doors);
        this.#idle(BACK_OFF_US);
        return;
      }
      frontEnd.execute(door, make(table), (outcome) => {
        this.#later(this.#hop(), () => finish(outcome));
      });
    });
    this.#later(load.timeoutMs * 1000, () => finish(null));
  }

  #idle(forUs: number): void {
    this.#later(forUs, () => {
      this.#isBusy = false;
      this.#next();
    });
  }

  #hop(): number {
    return this.#env.prng.between(HOP_US_MIN, HOP_US_MAX);
  }

  #later(delayUs: number, run: () => void): void {
    const { loop } = this.#env;
    loop.schedule(loop.nowUs + delayUs, EVENT_CLIENT, WORLD, this.#id, run);
  }

  #nextValue(): string {
    return `${this.#id}.${this.#sequence++}`;
  }

  #pickDistinct(count: number): string[] {
    const { prng, history } = this.#env;
    const items = new Set<string>();
    for (let i = 0; i < count; i++) items.add(history.pickItem(prng));
    return [...items];
  }
}

function unknownKind(kind: never): never {
  throw new Error(`unknown kind of call: ${String(kind)}`);
}


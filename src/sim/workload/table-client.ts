// A client that creates, uses and deletes tables, one call at a time, while faults go on. It is the only one to
// touch these tables, so what it was told decides what must be true in the end.
import type { Prng } from "../../base/prng.ts";
import type { Operation, Outcome } from "../../model/operation.ts";
import type { TableDefinition, TableSchema } from "../../model/table-schema.ts";
import type { IndexUpdate } from "../../model/table-settings.ts";
import { EVENT_CLIENT, WORLD, type EventLoop } from "../world/event-loop.ts";
import type { TableFrontEnd } from "./front-end.ts";
import { WALL_START_MS } from "../world/sim-clock.ts";
import {
  getOperation, GLOBAL_INDEXES, LATE_INDEX, resultOf, TABLE, TIME_ATTRIBUTE, writeOperation,
} from "./operations.ts";

const NAMES: readonly string[] = ["side-a", "side-b"];
const ITEM = "pk/sk";
const PAUSE_US_MAX = 80_000;
const HOP_US = 200;
/** About when the next look for what is over comes. */
const REPLACE_US_MAX = 30_000;

/** What is known of one table from the answers so far. */
type Known = {
  /** "unknown": a call on it was not answered; it may or may not be done, and done later. */
  state: "absent" | "present" | "unknown";
  /**
   * The value of its item: null when none was written since it was made. Undefined when not known, which lasts as
   * long as the table: a put of unknown fate may take effect at any later time.
   */
  value: string | null | undefined;
  /** Time to live was asked for: it may be on. As long as the table, or for ever when that call was not answered. */
  expires: boolean;
  isHaunted: boolean;
  /** The item of `value` has a time that is over: it may go. */
  isOver: boolean;
};

const NEW = { value: null, expires: false, isOver: false } as const;
const ABSENT = { ...NEW, state: "absent", isHaunted: false } as const;
/** Before the earliest wall clock, and by less than five years. */
const OVER_SECONDS = WALL_START_MS / 1000 - 30 * 86_400;

export type TableClientEnv = {
  readonly loop: EventLoop;
  readonly prng: Prng;
  readonly frontEnd: TableFrontEnd;
  readonly timeoutMs: number;
  /** Tables have global indexes, and are given another now and then. */
  readonly hasGlobalIndexes: boolean;
  readonly hasStreams: boolean;
  /** Something that no fault explains. */
  readonly onOddity: (message: string) => void;
};

export class TableClient {
  readonly #env: TableClientEnv;
  readonly #known: Map<string, Known> = new Map(NAMES.map((name) => [name, { ...ABSENT }]));
  #door = 1;
  #sequence = 0;
  #isStopped = false;
  #isBusy = false;
  created = 0;
  deleted = 0;
  /** Items that went by themselves. */
  expired = 0;
  indexesChanged = 0;
  streamsSwitched = 0;

  constructor(env: TableClientEnv) {
    this.#env = env;
  }

  get isBusy(): boolean {
    return this.#isBusy;
  }

  start(): void {
    this.#later(this.#env.prng.between(1, PAUSE_US_MAX), () => this.#next());
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Tables that must be there at the end, and those that must not; the others may be either. */
  expectations(): { readonly present: readonly string[]; readonly absent: readonly string[] } {
    const inState = (state: Known["state"]): string[] =>
      [...this.#known].filter(([, known]) => known.state === state).map(([name]) => name);
    return { present: inState("present"), absent: inState("absent") };
  }

  #next(): void {
    if (this.#isStopped) return;
    const { prng } = this.#env;
    const name = prng.pick(NAMES);
    const known = this.#known.get(name) as Known;
    if (known.state === "absent") this.#create(name, known);
    else if (known.state === "unknown" || prng.chance(1, 3)) this.#delete(name, known);
    else if (!known.expires && prng.chance(1, 4)) this.#expire(name, known);
    else if (this.#env.hasStreams && prng.chance(1, 4)) this.#switchStream(name);
    else if (this.#env.hasGlobalIndexes && prng.chance(1, 4)) this.#changeIndex(name);
    else if (prng.chance(1, 2)) this.#put(name, known);
    else this.#get(name, known);
  }

  #create(name: string, known: Known): void {
    const { prng } = this.#env;
    const definition: TableDefinition = {
      ...TABLE, name, partitionCount: prng.between(1, 2),
      ...(this.#env.hasGlobalIndexes ? { globalIndexes: GLOBAL_INDEXES } : {}),
      ...(this.#env.hasStreams && prng.chance(1, 2) ? { streamView: "NEW_AND_OLD_IMAGES" } : {}),
    };
    this.#call(() => ({ kind: "create-table", definition }), name, (outcome) => {
      if (outcome?.kind === "table") {
        this.created++;
        Object.assign(known, NEW);
        known.state = "present";
        known.expires = known.isHaunted;
      } else if (outcome?.kind === "table-exists") {
        // Only a call of unknown fate can have made it, and after one the state is not "absent".
        this.#env.onOddity(`table ${name} exists although its deletion was confirmed`);
        known.state = "unknown";
      } else known.state = "unknown";
    });
  }

  /** Whatever comes of it: what a stream has recorded while it was on is what happened. */
  #switchStream(name: string): void {
    const viewType = this.#env.prng.chance(1, 2) ? "NEW_AND_OLD_IMAGES" : null;
    this.#call(() => ({ kind: "update-table", name, change: { stream: { viewType } } }), name, (outcome) => {
      if (outcome?.kind === "table") this.streamsSwitched++;
    });
  }

  /** Whatever comes of it: in the end each index that a table has shows what the table holds. */
  #changeIndex(name: string): void {
    const update: IndexUpdate = this.#env.prng.chance(2, 3)
      ? { kind: "create", index: LATE_INDEX } : { kind: "delete", name: LATE_INDEX.name };
    this.#call(() => ({ kind: "update-table", name, change: { globalIndexes: [update] } }), name, (outcome) => {
      if (outcome?.kind === "table") this.indexesChanged++;
    });
  }

  #delete(name: string, known: Known): void {
    this.#call(() => ({ kind: "delete-table", name }), name, (outcome) => {
      if (outcome?.kind === "table") {
        this.deleted++;
        this.#awaitGone(name, known);
        return;
      }
      if (outcome?.kind === "table-in-use") return; // being made, or being deleted by an earlier call
      if (outcome?.kind === "table-not-found") {
        if (known.state === "present") this.#env.onOddity(`table ${name} is gone although its creation was confirmed`);
        // After a call of unknown fate it may still be made: the call may arrive late.
        return;
      }
      known.state = "unknown";
    });
  }

  /** A deletion that was accepted is done when the table cannot be found any more. */
  #awaitGone(name: string, known: Known): void {
    known.state = "unknown";
    this.#isBusy = true;
    this.#later(PAUSE_US_MAX, () => {
      this.#call(() => ({ kind: "delete-table", name }), name, (outcome) => {
        if (outcome?.kind === "table-not-found") known.state = "absent";
        else if (outcome?.kind === "table-in-use" && !this.#isStopped) this.#awaitGone(name, known);
      });
    });
  }

  #expire(name: string, known: Known): void {
    const change = { timeToLive: { attribute: TIME_ATTRIBUTE, isEnabled: true } };
    known.expires = true;
    this.#call(() => ({ kind: "update-table", name, change }), name, (outcome) => {
      if (outcome?.kind === "table-not-found" && known.state === "present") {
        this.#env.onOddity(`table ${name} is gone although its creation was confirmed`);
      }
      if (outcome === null || outcome.kind === "unavailable") known.isHaunted = true;
    });
  }

  /** An item that lasts follows one whose time is over: whoever deletes that one must leave this. */
  #replaceSoon(name: string, known: Known): void {
    this.#isBusy = true;
    this.#later(this.#env.prng.between(1, REPLACE_US_MAX), () => this.#put(name, known, false));
  }

  #put(name: string, known: Known, isOver: boolean = this.#env.prng.chance(1, 2)): void {
    const value = `side.${this.#sequence++}`;
    const style = { wantsOld: false, fillBytes: 0, ...(isOver ? { endsAt: OVER_SECONDS } : {}) };
    known.isOver ||= isOver;
    this.#call((table) => table === null ? null : writeOperation(table, ITEM, { kind: "put", value }, style), name,
      (outcome) => {
        if (known.value !== undefined) known.value = outcome?.kind === "written" ? value : undefined;
        if (outcome?.kind !== "written") return;
        known.isOver = isOver;
        if (isOver && known.expires && this.#env.prng.chance(2, 3)) this.#replaceSoon(name, known);
      });
  }

  #get(name: string, known: Known): void {
    this.#call((table) => table === null ? null : getOperation(table, ITEM, true), name, (outcome) => {
      if (outcome?.kind !== "item") return;
      const result = resultOf({ kind: "get" }, outcome, false);
      const seen = result?.kind === "read" ? result.value : null;
      if (known.value !== undefined && seen === null && known.expires && known.isOver) {
        if (known.value !== null) this.expired++;
        known.value = null;
      }
      if (known.value !== undefined && seen !== known.value) {
        this.#env.onOddity(`table ${name} holds ${String(seen)} instead of ${String(known.value)}`);
      }
    });
  }

  /** `settle` gets null when there was no answer in time; it is not called when the call was not made. */
  #call(
    make: (table: TableSchema | null) => Operation | null, name: string, settle: (outcome: Outcome | null) => void,
  ): void {
    const { loop, frontEnd, timeoutMs } = this.#env;
    const door = this.#door;
    this.#isBusy = true;
    let isSettled = false;
    const finish = (outcome: Outcome | null, wasMade: boolean): void => {
      if (isSettled) return;
      isSettled = true;
      this.#isBusy = false;
      if (outcome === null || outcome.kind === "unavailable") this.#door = 1 + (door % frontEnd.doors);
      if (wasMade) settle(outcome);
      if (!this.#isBusy) this.#later(this.#env.prng.between(1, PAUSE_US_MAX), () => this.#next());
    };
    loop.schedule(loop.nowUs + HOP_US, EVENT_CLIENT, frontEnd.targetOf(door), this.#sequence, () => {
      if (isSettled) return;
      const operation = frontEnd.isReady(door) ? make(frontEnd.tableNamed(door, name)) : null;
      if (operation === null) {
        finish(null, false);
        return;
      }
      frontEnd.execute(door, operation, (outcome) => this.#later(HOP_US, () => finish(outcome, true)));
    });
    this.#later(timeoutMs * 1000, () => finish(null, true));
  }

  #later(delayUs: number, run: () => void): void {
    const { loop } = this.#env;
    loop.schedule(loop.nowUs + delayUs, EVENT_CLIENT, WORLD, 0, run);
  }
}

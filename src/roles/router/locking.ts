// The items of one attempt at a transaction: locked in all their partitions at once, and released again.
import { buggify } from "../../base/buggify.ts";
import type { StorageKey } from "../../base/ids.ts";
import type { Outcome, TransactAction } from "../../model/operation.ts";
import type { TransactionName, Work } from "../../wire/data-messages.ts";
import type { Routes } from "./routes.ts";
import { refusalOf } from "./transact-get.ts";

const LATE_MS_MAX = 6_000;

export class Locking {
  /** Of each action. Before it is known: null. */
  readonly #outcomes: (Outcome | null)[];
  readonly #routes: Routes;
  readonly #name: TransactionName;
  readonly #actions: readonly TransactAction[];
  readonly #token: string | null;
  readonly #claim: number;
  readonly #deadlineMs: number;
  /** Items that are locked, or may be: those whose fate is not known. */
  readonly #held: Set<number> = new Set();
  /** Claim of the token that the first item's partition knows; 0: none. */
  claim = 0;
  /** An attempt with the same entry is under way. */
  isRival = false;

  constructor(
    routes: Routes, name: TransactionName, actions: readonly TransactAction[], token: string | null, claim: number,
    deadlineMs: number,
  ) {
    this.#routes = routes;
    this.#name = name;
    this.#actions = actions;
    this.#token = token;
    this.#claim = claim;
    this.#deadlineMs = deadlineMs;
    this.#outcomes = new Array<Outcome | null>(actions.length).fill(null);
  }

  get outcomes(): readonly Outcome[] {
    return this.#outcomes.map((outcome) => outcome ?? { kind: "unavailable", reason: "not answered" });
  }

  get isAllLocked(): boolean {
    return this.#outcomes.every((outcome) => outcome?.kind === "written");
  }

  lock(done: () => void): void {
    let left = this.#actions.length;
    const settle = (indexes: readonly number[], outcomes: readonly Outcome[]): void => {
      indexes.forEach((i, at) => { this.#outcomes[i] = outcomes[at] ?? null; });
      left -= indexes.length;
      if (left === 0) done();
    };
    const share = (indexes: readonly number[]): void => {
      for (const [partition, some] of this.#routes.byPartition(this.#actions, indexes)) {
        const actions = some.map((i) => this.#actions[i] as TransactAction);
        const first = actions[0] as TransactAction;
        const token = this.#token === null || !some.includes(0) ? null
          : { text: this.#token, address: (this.#actions[0] as TransactAction).address, claim: this.#claim };
        const work: Work = { kind: "prepare", name: this.#name, actions, isWhole: false, token };
        this.#soon(() => this.#routes.toLeader(first.table, partition, work, this.#deadlineMs, (outcome) => {
          if (outcome.kind !== "prepared") {
            for (const i of some) this.#held.add(i);
            settle(some, some.map(() => refusalOf(outcome)));
            return;
          }
          if (token !== null) this.claim = outcome.claim;
          this.isRival ||= outcome.isRival;
          if (outcome.state === "refused") settle(some, outcome.outcomes);
          else {
            const locked = some.slice(0, outcome.count);
            for (const i of locked) this.#held.add(i);
            settle(locked, outcome.outcomes);
            if (locked.length < some.length) share(some.slice(outcome.count));
          }
        }, () => share(some)));
      }
    };
    share(this.#actions.map((_, i) => i));
  }

  #soon(send: () => void): void {
    if (!buggify("router: a part of a transaction is sent late")) send();
    else this.#routes.clock.setTimer(this.#routes.random.u32() % LATE_MS_MAX, send);
  }

  /** `isFinished`: everything is released. */
  finish(isCommitted: boolean, done: (isFinished: boolean) => void): void {
    let left = this.#held.size;
    let isFinished = true;
    if (left === 0) {
      done(true);
      return;
    }
    const settle = (count: number): void => {
      left -= count;
      if (left === 0) done(isFinished);
    };
    const share = (indexes: readonly number[]): void => {
      for (const [partition, some] of this.#routes.byPartition(this.#actions, indexes)) {
        const { table } = this.#actions[some[0] as number] as TransactAction;
        if (buggify("router: a coordinator stops amid its commits")) {
          isFinished = false;
          settle(some.length);
          continue;
        }
        const keys = some.map((i): StorageKey => (this.#actions[i] as TransactAction).address.key);
        const work: Work = { kind: "finish", id: this.#name.id, table, keys, isCommitted };
        this.#routes.toLeader(table, partition, work, this.#deadlineMs, (outcome) => {
          if (outcome.kind !== "finished" || outcome.count === 0) {
            isFinished = false;
            settle(some.length);
          } else {
            settle(outcome.count);
            if (outcome.count < some.length) share(some.slice(outcome.count));
          }
        }, () => share(some));
      }
    };
    share([...this.#held]);
  }
}

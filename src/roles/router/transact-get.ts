// TransactGetItems: items of several partitions as they were at one moment, read without a lock. All are read twice;
// what is the same in both, and held by no transaction in either, was so between the two. Items of one partition are
// read at once, and need no second look.
import type { GetOperation, GetOutcome, Outcome, Refusal, TransactGetOperation } from "../../model/operation.ts";
import type { StableItem } from "../../wire/data-messages.ts";
import type { Routes } from "./routes.ts";
import { TRANSACTION_MS_MAX } from "./routes.ts";

/** Looks in vain, after which the conflict is the client's. */
const TRIES_MAX = 10;
const PAUSE_MS_FIRST = 1;
const PAUSE_MS_MAX = 60;

type Look = { readonly items: readonly StableItem[]; readonly partitions: number } | { readonly refusal: Outcome };

export function transactGet(routes: Routes, { gets }: TransactGetOperation, done: (outcome: Outcome) => void): void {
  const { clock } = routes;
  const deadlineMs = clock.monotonicMs() + TRANSACTION_MS_MAX;
  let tries = 0;
  const again = (unstable: readonly boolean[]): void => {
    tries++;
    if (tries >= TRIES_MAX) {
      const reasons: (Refusal | null)[] = unstable.map((isOne) => (isOne ? { kind: "conflict" } : null));
      done({ kind: "cancelled", reasons });
      return;
    }
    clock.setTimer(Math.min(PAUSE_MS_MAX, PAUSE_MS_FIRST * 2 ** tries), start);
  };
  const start = (): void => look(routes, gets, deadlineMs, (first) => {
    if ("refusal" in first) {
      done(first.refusal);
      return;
    }
    if (first.items.some(({ isBusy }) => isBusy)) {
      again(first.items.map(({ isBusy }) => isBusy));
      return;
    }
    if (first.partitions === 1) {
      done({ kind: "items", outcomes: first.items.map(({ item }) => item) });
      return;
    }
    look(routes, gets, deadlineMs, (second) => {
      if ("refusal" in second) {
        done(second.refusal);
        return;
      }
      const unstable = second.items.map((item, i) => item.isBusy || !isSame(item, first.items[i]));
      if (unstable.some((isOne) => isOne)) again(unstable);
      else done({ kind: "items", outcomes: first.items.map(({ item }): GetOutcome => item) });
    });
  });
  start();
}

function isSame(now: StableItem, before: StableItem | undefined): boolean {
  return before !== undefined && now.version === before.version && now.item.exists === before.item.exists;
}

/** Reads all items once. */
function look(
  routes: Routes, gets: readonly GetOperation[], deadlineMs: number, done: (look: Look) => void,
): void {
  const items: StableItem[] = new Array<StableItem>(gets.length);
  let left = gets.length;
  let refusal: Outcome | null = null;
  let partitions = 0;
  const settle = (count: number): void => {
    left -= count;
    if (left === 0) done(refusal === null ? { items, partitions } : { refusal });
  };
  const share = (indexes: readonly number[]): void => {
    for (const [partition, some] of routes.byPartition(gets, indexes)) {
      partitions++;
      const asked = some.map((i) => gets[i] as GetOperation);
      const { table } = asked[0] as GetOperation;
      routes.toLeader(table, partition, { kind: "get-stable", gets: asked }, deadlineMs, (outcome) => {
        if (outcome.kind === "stable-items" && outcome.items.length === some.length) {
          some.forEach((i, at) => { items[i] = outcome.items[at] as StableItem; });
        } else refusal ??= refusalOf(outcome);
        settle(some.length);
      }, () => share(some));
    }
  };
  share(gets.map((_, i) => i));
}

/** Of an answer that none of the works of transactions has. */
export function refusalOf(outcome: { readonly kind: string }): Refusal {
  return outcome.kind === "overloaded" || outcome.kind === "unavailable" || outcome.kind === "table-not-found"
    ? outcome as Refusal : { kind: "unavailable", reason: "the storage node answered something else" };
}

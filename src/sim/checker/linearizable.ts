// Linearizability of one item's history, after Wing and Gong, with Lowe's memory of configurations seen: is
// there an order of the calls that keeps real-time order and in which each result is what a single item would
// have given? A call whose result is unknown may take effect at any time after it was made, or never.
//
// Each call with a known result puts two entries into a list ordered by time, its call and its return; one
// with an unknown result puts only its call. The search picks a call that stands before the first return,
// tries it, lifts it out, and starts over; meeting a return whose call was not picked, it takes back its last
// pick. It succeeds when every call with a known result was picked.
import { assert } from "../../base/assert.ts";
import { stepItem, type ItemCall, type ItemState } from "./history.ts";

export type LinearizableVerdict =
  | { readonly kind: "linearizable" }
  /** `longest`: indexes of the calls of the longest order found, a hint at where it breaks. */
  | { readonly kind: "violation"; readonly longest: readonly number[] }
  /** Too many configurations: not decided. */
  | { readonly kind: "undecided" };

type Entry = {
  readonly call: number;
  readonly isReturn: boolean;
  readonly atUs: number;
  previous: Entry;
  next: Entry;
  /** The return entry of a call entry; null when the result is unknown. */
  match: Entry | null;
};

/** Configurations remembered for one item before the search gives up: memory of some hundred MB at most. */
export const CONFIGURATIONS_MAX = 500_000;

export function checkLinearizable(
  calls: readonly ItemCall[], initial: ItemState = null, configurationsMax: number = CONFIGURATIONS_MAX,
): LinearizableVerdict {
  const head = buildList(calls);
  const picked = new Picked(calls.length);
  const seen = new Set<string>();
  const stack: { readonly entry: Entry; readonly before: ItemState }[] = [];
  let longest: number[] = [];
  let state: ItemState = initial;
  let knownLeft = calls.filter((call) => isKnown(call)).length;
  let entry = head.next;
  while (knownLeft > 0) {
    const next = entry === head || entry.isReturn ? undefined : tryCall(calls, entry, state);
    if (next !== undefined && remember(seen, picked, entry.call, next)) {
      if (seen.size > configurationsMax) return { kind: "undecided" };
      stack.push({ entry, before: state });
      state = next;
      picked.add(entry.call);
      lift(entry);
      if (entry.match !== null) knownLeft--;
      if (stack.length > longest.length) longest = stack.map((pick) => pick.entry.call);
      entry = head.next;
    } else if (entry !== head && !entry.isReturn) {
      entry = entry.next;
    } else {
      const last = stack.pop();
      if (last === undefined) return { kind: "violation", longest };
      state = last.before;
      picked.remove(last.entry.call);
      unlift(last.entry);
      if (last.entry.match !== null) knownLeft++;
      entry = last.entry.next;
    }
  }
  return { kind: "linearizable" };
}

function isKnown(call: ItemCall): boolean {
  return call.result.kind !== "unknown";
}

function tryCall(calls: readonly ItemCall[], entry: Entry, state: ItemState): ItemState | undefined {
  const call = calls[entry.call] as ItemCall;
  const next = stepItem(state, call.command, call.result);
  // An unknown call that changes nothing need not be picked at all.
  return next === state && entry.match === null ? undefined : next;
}

/** False when this set of picked calls with this state was tried before. */
function remember(seen: Set<string>, picked: Picked, call: number, state: ItemState): boolean {
  picked.add(call);
  const key = picked.key(state);
  picked.remove(call);
  if (seen.has(key)) return false;
  seen.add(key);
  return true;
}

function buildList(calls: readonly ItemCall[]): Entry {
  const entries: Entry[] = [];
  calls.forEach((call, index) => {
    assert(call.invokedUs <= call.returnedUs, "a call returns after it was made");
    const entry = newEntry(index, false, call.invokedUs);
    entries.push(entry);
    if (!isKnown(call)) return;
    entry.match = newEntry(index, true, call.returnedUs);
    entries.push(entry.match);
  });
  // At one instant calls stand before returns: the two calls count as concurrent.
  entries.sort((a, b) => a.atUs - b.atUs || Number(a.isReturn) - Number(b.isReturn) || a.call - b.call);
  const head = newEntry(-1, false, -1);
  let last = head;
  for (const entry of entries) {
    last.next = entry;
    entry.previous = last;
    last = entry;
  }
  last.next = head;
  head.previous = last;
  return head;
}

function newEntry(call: number, isReturn: boolean, atUs: number): Entry {
  const entry = { call, isReturn, atUs, match: null } as unknown as Entry;
  entry.previous = entry;
  entry.next = entry;
  return entry;
}

function lift(entry: Entry): void {
  unlink(entry);
  if (entry.match !== null) unlink(entry.match);
}

/** Puts back in the opposite order of `lift`: each entry's neighbours are those of the time it was taken out. */
function unlift(entry: Entry): void {
  if (entry.match !== null) relink(entry.match);
  relink(entry);
}

function unlink(entry: Entry): void {
  entry.previous.next = entry.next;
  entry.next.previous = entry.previous;
}

function relink(entry: Entry): void {
  entry.previous.next = entry;
  entry.next.previous = entry;
}

/** A set of call indexes with a compact, exact text form. */
class Picked {
  readonly #words: Uint16Array;

  constructor(size: number) {
    this.#words = new Uint16Array((size + 15) >> 4);
  }

  add(index: number): void {
    this.#words[index >> 4] = (this.#words[index >> 4] as number) | (1 << (index & 15));
  }

  remove(index: number): void {
    this.#words[index >> 4] = (this.#words[index >> 4] as number) & ~(1 << (index & 15));
  }

  key(state: ItemState): string {
    return String.fromCharCode(...this.#words) + (state === null ? "-" : `=${state}`);
  }
}

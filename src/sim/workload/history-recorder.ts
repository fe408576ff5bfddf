// All clients' calls, and the pool of items they work on. An item whose history has grown hard to check (many
// calls of unknown fate stay open for ever) is retired, and a fresh one takes its place.
import { assert } from "../../base/assert.ts";
import type { Prng } from "../../base/prng.ts";
import type { ItemCall, ItemCommand, ItemResult, ItemState } from "../checker/history.ts";

/** Beyond these an item is retired: the checker's work grows exponentially with unknown calls. */
const UNKNOWN_CALLS_MAX = 7;
const CALLS_MAX = 120;

/** Sort keys of one partition key: registers and a counter. */
const SLOTS: readonly string[] = ["r0", "r1", "r2", "n0"];

type Slot = { readonly name: string; generation: number; calls: number; unknown: number };

/** `timedOut` and `unavailable` are reasons for `unknown`; batches count once. */
export type CallCounts = { known: number; failed: number; unknown: number; timedOut: number; unavailable: number };

export class HistoryRecorder {
  readonly calls: ItemCall[] = [];
  readonly counts: CallCounts = { known: 0, failed: 0, unknown: 0, timedOut: 0, unavailable: 0 };
  /** Write-once items that were acknowledged, with their values. */
  readonly acknowledged: Map<string, string> = new Map();
  /** Values that eventual reads showed. */
  readonly eventual: { readonly item: string; readonly value: string }[] = [];
  /** Called with each call as it is recorded. */
  onRecord: ((call: ItemCall) => void) | null = null;
  /** Outcomes that no command can have. */
  readonly oddities: string[] = [];
  readonly #slots: Slot[][] = [];
  readonly #lastSeen: Map<string, ItemState> = new Map();
  readonly #items: Set<string> = new Set();

  constructor(partitionKeys: number) {
    for (let p = 0; p < partitionKeys; p++) {
      this.#slots.push(SLOTS.map((slot) => ({ name: `p${p}/${slot}`, generation: 0, calls: 0, unknown: 0 })));
    }
  }

  get partitionKeys(): number {
    return this.#slots.length;
  }

  pickItem(prng: Prng): string {
    return this.#current(prng.pick(prng.pick(this.#slots)));
  }

  /** Current items of one partition key: what a query of it may show among others. */
  itemsOf(partitionKey: number): string[] {
    const slots = this.#slots[partitionKey];
    assert(slots !== undefined, "partition key range");
    return slots.map((slot) => this.#current(slot));
  }

  currentItems(): string[] {
    return this.#slots.flatMap((slots) => slots.map((slot) => this.#current(slot)));
  }

  /** What an eventual read showed; judged at the end, when all attempts are known. */
  noteEventual(item: string, value: ItemState): void {
    if (value !== null && !this.isCounter(item)) this.eventual.push({ item, value });
  }

  /** Every item that was ever worked on, retired ones included. */
  allItems(): IterableIterator<string> {
    return this.#items.values();
  }

  isCounter(item: string): boolean {
    return item.includes("/n");
  }

  /** What the item held when somebody last looked: for conditions that hold now and then. */
  lastSeen(item: string): ItemState {
    return this.#lastSeen.get(item) ?? null;
  }

  record(
    client: number, item: string, command: ItemCommand, invokedUs: number, nowUs: number, result: ItemResult,
  ): void {
    const isUnknown = result.kind === "unknown";
    if (isUnknown) this.counts.unknown++;
    else if (result.kind === "failed") this.counts.failed++;
    else this.counts.known++;
    this.#noteSeen(item, command, result);
    // A read without an answer says nothing.
    if (isUnknown && command.kind === "get") return;
    this.#items.add(item);
    const slot = this.#slotOf(item);
    if (slot !== null) {
      slot.calls++;
      if (isUnknown) slot.unknown++;
    }
    const call: ItemCall = { client, item, command, invokedUs, returnedUs: isUnknown ? Infinity : nowUs, result };
    this.calls.push(call);
    this.onRecord?.(call);
  }

  byItem(): Map<string, ItemCall[]> {
    const grouped = new Map<string, ItemCall[]>();
    for (const call of this.calls) {
      const list = grouped.get(call.item);
      if (list === undefined) grouped.set(call.item, [call]);
      else list.push(call);
    }
    return grouped;
  }

  #noteSeen(item: string, command: ItemCommand, result: ItemResult): void {
    if (result.kind === "read") this.#lastSeen.set(item, result.value);
    else if (result.kind === "done") this.#lastSeen.set(item, "value" in command ? command.value : null);
  }

  #current(slot: Slot): string {
    if (slot.unknown >= UNKNOWN_CALLS_MAX || slot.calls >= CALLS_MAX) {
      slot.generation++;
      slot.calls = 0;
      slot.unknown = 0;
    }
    return `${slot.name}.${slot.generation}`;
  }

  #slotOf(item: string): Slot | null {
    for (const slots of this.#slots) {
      for (const slot of slots) if (item === `${slot.name}.${slot.generation}`) return slot;
    }
    return null;
  }
}

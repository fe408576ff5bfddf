// Values by number, for tables whose entries come and go at the rate of requests.
//
// A Map does the same, but a Map that is often added to and deleted from is rebuilt again and again, and each
// table that it leaves behind points to its successor. Once one of them is old, all later ones and everything
// they ever held live until the next full garbage collection: the young collections then copy each request
// instead of forgetting it. Here one array is used over and over, and a deleted entry leaves nothing behind.
//
// Open addressing with linear probing: an entry lies at its home (id modulo capacity) or behind it without a
// gap. Deleting closes the gap, so that this stays true. Ids in sequence hardly ever collide.
import { assert } from "./assert.ts";

/** A power of two. */
const CAPACITY_MIN = 64;

export class IdTable<Value extends { readonly id: number }> {
  #slots: (Value | null)[] = new Array<Value | null>(CAPACITY_MIN).fill(null);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(id: number): Value | undefined {
    const value = this.#slots[this.#find(id)];
    return value === null ? undefined : value;
  }

  has(id: number): boolean {
    return this.#slots[this.#find(id)] !== null;
  }

  /** Adds a value whose id is not in the table. */
  add(value: Value): void {
    assert(Number.isSafeInteger(value.id) && value.id >= 0, "an id is a whole number");
    if (this.#size * 2 >= this.#slots.length) this.#grow();
    const at = this.#find(value.id);
    assert(this.#slots[at] === null, "an id is added once");
    this.#slots[at] = value;
    this.#size++;
  }

  /** Returns whether there was such a value. */
  delete(id: number): boolean {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let gap = this.#find(id);
    if (slots[gap] === null) return false;
    this.#size--;
    for (let at = (gap + 1) & mask; slots[at] !== null; at = (at + 1) & mask) {
      const value = slots[at] as Value;
      const home = value.id % slots.length;
      // Moves unless its home lies behind the gap: it must not come to lie before its home.
      if (((at - home) & mask) < ((at - gap) & mask)) continue;
      slots[gap] = value;
      gap = at;
    }
    slots[gap] = null;
    return true;
  }

  /** All values, in no particular order. */
  values(): Value[] {
    return this.#slots.filter((value) => value !== null);
  }

  /** Where `id` lies, or the free slot where it would. */
  #find(id: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let at = id % slots.length;
    for (let value = slots[at]; value !== null && value?.id !== id; value = slots[at]) at = (at + 1) & mask;
    return at;
  }

  #grow(): void {
    const before = this.#slots;
    this.#slots = new Array<Value | null>(before.length * 2).fill(null);
    for (const value of before) if (value !== null) this.#slots[this.#find(value.id)] = value;
  }
}

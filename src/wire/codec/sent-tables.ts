// Tables travel once per connection: requests carry their table's whole schema, which is the same object from one
// request to the next. The sender gives each a place in a ring, the receiver keeps the ring; both begin empty with the
// connection, and the order of frames on it keeps them equal.
import { assert } from "../../base/assert.ts";
import type { TableSchema } from "../../model/table-schema.ts";

/** Places of the ring, numbered in one byte: tables in use between two processes at about the same time. */
export const SENT_TABLES_MAX = 256;

export class SentTables {
  readonly #places: Map<TableSchema, number> = new Map();
  readonly #ring: (TableSchema | null)[] = new Array<TableSchema | null>(SENT_TABLES_MAX).fill(null);
  #next = 0;

  /** Where the receiver has this very object; -1: nowhere. */
  placeOf(table: TableSchema): number {
    return this.#places.get(table) ?? -1;
  }

  /** The place where the receiver will find it from now on. */
  add(table: TableSchema): number {
    const place = this.#next;
    this.#next = (place + 1) % SENT_TABLES_MAX;
    const old = this.#ring[place] ?? null;
    if (old !== null) this.#places.delete(old);
    this.#ring[place] = table;
    this.#places.set(table, place);
    return place;
  }

  /** The receiver may not have got what was added: everything is to be sent anew. */
  forget(): void {
    this.#places.clear();
    this.#ring.fill(null);
  }
}

export class ReceivedTables {
  /** As decoded, not yet checked to be tables: whoever uses one checks it. */
  readonly #ring: (object | null)[] = new Array<object | null>(SENT_TABLES_MAX).fill(null);

  /** Null: there is none at that place. */
  get(place: number): object | null {
    return this.#ring[place] ?? null;
  }

  put(place: number, value: object): void {
    assert(place < SENT_TABLES_MAX, "a place is one byte");
    this.#ring[place] = value;
  }
}

// Tables travel once per connection: requests carry their table's whole schema, which is the same object from one
// request to the next. The sender gives each a place in a ring, the receiver keeps the ring; both begin empty with the
// connection, and the order of frames on it keeps them equal.
import type { TableSchema } from "../../model/table-schema.ts";

/** Places of the ring: tables in use between two processes at about the same time. */
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
}

export class ReceivedTables {
  /** Values as decoded, not yet checked to be tables: whoever uses one checks it. */
  readonly #ring: unknown[] = [];

  get(place: number): unknown {
    return this.#ring[place];
  }

  /** False: no such place. */
  put(place: number, value: unknown): boolean {
    if (place > this.#ring.length || place >= SENT_TABLES_MAX) return false;
    this.#ring[place] = value;
    return true;
  }
}

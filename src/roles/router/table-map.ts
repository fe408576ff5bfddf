// The router's copy of the catalogue: tables by name, and the partition of a hash point.
import { assert } from "../../base/assert.ts";
import { lsn, type HashPoint, type Lsn } from "../../base/ids.ts";
import type { Partition, TableSchema } from "../../model/table-schema.ts";
import type { CatalogueMessage } from "../../wire/data-messages.ts";

export class TableMap {
  #tables: Map<string, TableSchema> = new Map();
  #names: string[] = [];
  #version: Lsn = lsn(0);
  #isReady = false;

  /** False until a leader of the system group has told what there is. */
  get isReady(): boolean {
    return this.#isReady;
  }

  get(name: string): TableSchema | null {
    return this.#tables.get(name) ?? null;
  }

  /** All names in byte order (as DynamoDB lists them). */
  get names(): readonly string[] {
    return this.#names;
  }

  /** Takes over a whole catalogue; older ones, which followers may send late, are ignored. */
  replace(message: CatalogueMessage): void {
    const isNews = message.version > this.#version || !this.#isReady;
    if (message.isAuthoritative) this.#isReady = true;
    if (!isNews || message.version < this.#version) return;
    this.#version = message.version;
    this.#tables = new Map(message.tables.map((table) => [table.name, table]));
    this.#sortNames();
  }

  /** Takes over one table as its authority just answered, ahead of the next whole catalogue. */
  put(table: TableSchema): void {
    const known = this.#tables.get(table.name);
    if (known !== undefined && known.id === table.id && known.version >= table.version) return;
    this.#tables.set(table.name, table);
    if (known === undefined) this.#sortNames();
  }

  #sortNames(): void {
    this.#names = [...this.#tables.keys()].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  }
}

/** Index of the partition that owns `point`. */
export function partitionIndexOf(table: TableSchema, point: HashPoint): number {
  const { partitions } = table;
  let low = 0;
  let high = partitions.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if ((partitions[middle] as Partition).from <= point) low = middle;
    else high = middle - 1;
  }
  const found = partitions[low] as Partition;
  assert(found.from <= point && point < found.to, "partitions cover the hash space");
  return low;
}

export function partitionOf(table: TableSchema, point: HashPoint): Partition {
  return table.partitions[partitionIndexOf(table, point)] as Partition;
}

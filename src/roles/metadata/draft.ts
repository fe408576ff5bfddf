// Changes of the catalogue that one look of the control plane decided, before they are committed as one batch.
import { groupId, type GroupId } from "../../base/ids.ts";
import type { Partition, TableSchema } from "../../model/table-schema.ts";
import type { Mutation } from "../../wire/log-record.ts";
import { counterRow, systemRow, tableRow, tableRowRemoval, type Catalogue } from "./catalogue.ts";

/** A group's place in the catalogue. */
export type Place = {
  /** Null: the system group. */
  readonly table: TableSchema | null;
  readonly partition: Partition;
  /** A split parent. */
  readonly isClosed: boolean;
};

export class Draft {
  readonly #catalogue: Catalogue;
  readonly #tables: Map<string, TableSchema> = new Map();
  readonly #removed: Set<string> = new Set();
  #system: Partition | null = null;
  #nextGroup: number;

  constructor(catalogue: Catalogue) {
    this.#catalogue = catalogue;
    this.#nextGroup = catalogue.counters.nextGroup;
  }

  /** An id that no group ever had. */
  takeGroup(): GroupId {
    return groupId(this.#nextGroup++);
  }

  /** As it will be, or null when it is gone. */
  table(name: string): TableSchema | null {
    if (this.#removed.has(name)) return null;
    return this.#tables.get(name) ?? this.#catalogue.table(name);
  }

  put(table: TableSchema): void {
    const known = this.#catalogue.table(table.name);
    this.#tables.set(table.name, { ...table, version: (known?.version ?? 0) + 1 });
  }

  remove(name: string): void {
    this.#removed.add(name);
  }

  /** Puts `partition` where the group stands now. */
  replace({ table, isClosed }: Place, partition: Partition): void {
    if (table === null) {
      this.#system = partition;
      return;
    }
    const current = this.table(table.name);
    if (current === null) return;
    const replaced = (list: readonly Partition[]): readonly Partition[] => (
      list.map((other) => (other.group === partition.group ? partition : other))
    );
    this.put(isClosed ? { ...current, closed: replaced(current.closed ?? []) }
      : { ...current, partitions: replaced(current.partitions) });
  }

  rows(): readonly Mutation[] {
    const rows: Mutation[] = this.#system === null ? [] : [systemRow(this.#system)];
    for (const [name, table] of this.#tables) if (!this.#removed.has(name)) rows.push(tableRow(table));
    for (const name of this.#removed) rows.push(tableRowRemoval(name));
    const { counters } = this.#catalogue;
    if (this.#nextGroup > counters.nextGroup) rows.push(counterRow({ ...counters, nextGroup: this.#nextGroup }));
    return rows;
  }
}

/** All groups that the control plane looks after: not those of tables on their way in or out. */
export function placesOf(catalogue: Catalogue): readonly Place[] {
  const places: Place[] = [];
  if (catalogue.system !== null) places.push({ table: null, partition: catalogue.system, isClosed: false });
  for (const table of catalogue.tables()) {
    if (table.status === "CREATING" || table.status === "DELETING") continue;
    for (const partition of table.partitions) places.push({ table, partition, isClosed: false });
    for (const partition of table.closed ?? []) places.push({ table, partition, isClosed: true });
  }
  return places;
}

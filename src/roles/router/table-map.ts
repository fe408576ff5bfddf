// The router's copy of the catalogue: tables by name, and the partition of a hash point.
import { assert } from "../../base/assert.ts";
import { lsn, SYSTEM_GROUP, type GroupId, type HashPoint, type Lsn, type NodeId } from "../../base/ids.ts";
import { isHiddenName } from "../../model/ledger.ts";
import { hostsOf, type Partition, type TableSchema } from "../../model/table-schema.ts";
import type { CatalogueMessage } from "../../wire/data-messages.ts";

export class TableMap {
  #tables: Map<string, TableSchema> = new Map();
  #names: string[] = [];
  /** Of all tables. */
  #partitions: Map<GroupId, Partition> = new Map();
  #version: Lsn = lsn(0);
  #isReady = false;
  /** The system group as last told; null: not told yet. */
  #system: Partition | null = null;

  /** False until a leader of the system group has told what there is. */
  get isReady(): boolean {
    return this.#isReady;
  }

  get system(): Partition | null {
    return this.#system;
  }

  get(name: string): TableSchema | null {
    return this.#tables.get(name) ?? null;
  }

  /** The newest record of a table that an operation was made for; as it was then, when it is gone or another. */
  newest(table: TableSchema): TableSchema {
    const known = this.#tables.get(table.name);
    return known !== undefined && known.id === table.id ? known : table;
  }

  /** Names of users' tables in byte order (as DynamoDB lists them). */
  get names(): readonly string[] {
    return this.#names;
  }

  has(group: GroupId): boolean {
    return group === SYSTEM_GROUP || this.#partitions.has(group);
  }

  /** Who may have a replica of the group; null: no such group is known. */
  hosts(group: GroupId): readonly NodeId[] | null {
    const partition = group === SYSTEM_GROUP ? this.#system : this.#partitions.get(group);
    return partition === undefined || partition === null ? null : hostsOf(partition);
  }

  /** Takes over a whole catalogue; older ones, which followers may send late, are ignored. True: it was taken. */
  replace(message: CatalogueMessage): boolean {
    const isNews = message.version > this.#version || !this.#isReady;
    if (message.isAuthoritative) this.#isReady = true;
    if (!isNews || message.version < this.#version) return false;
    this.#version = message.version;
    this.#tables = new Map(message.tables.map((table) => [table.name, table]));
    if (message.system.replicas.length > 0) this.#system = message.system;
    this.#partitions = new Map();
    for (const table of message.tables) this.#addPartitions(table);
    this.#sortNames();
    return true;
  }

  /** Takes over one table as its authority just answered, ahead of the next whole catalogue. */
  put(table: TableSchema): void {
    const known = this.#tables.get(table.name);
    if (known !== undefined && known.id === table.id && known.version >= table.version) return;
    this.#tables.set(table.name, table);
    for (const { group } of known?.partitions ?? []) this.#partitions.delete(group);
    this.#addPartitions(table);
    if (known === undefined) this.#sortNames();
  }

  /**
   * Puts the children of a split group in its place, as a node of the group told them, ahead of the next whole
   * catalogue. False: nothing to replace, or they do not cover exactly what the group had.
   */
  takeOver(name: string, parent: GroupId, children: readonly Partition[]): boolean {
    const table = this.#tables.get(name);
    const at = table?.partitions.findIndex(({ group }) => group === parent) ?? -1;
    if (table === undefined || at === -1 || children.length === 0) return false;
    const { from, to } = table.partitions[at] as Partition;
    let end = from;
    for (const child of children) {
      if (child.from !== end || child.to <= child.from || child.replicas.length === 0 || child.group === parent) {
        return false;
      }
      end = child.to;
    }
    if (end !== to) return false;
    const partitions = [...table.partitions.slice(0, at), ...children, ...table.partitions.slice(at + 1)];
    const next = { ...table, partitions };
    this.#tables.set(name, next);
    this.#partitions.delete(parent);
    this.#addPartitions(next);
    return true;
  }

  #addPartitions(table: TableSchema): void {
    for (const partition of table.partitions) this.#partitions.set(partition.group, partition);
  }

  #sortNames(): void {
    const shown = [...this.#tables.keys()].filter((name) => !isHiddenName(name));
    this.#names = shown.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
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

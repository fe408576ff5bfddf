// The catalogue: tables, nodes, the system group's placement and counters as rows of the system group, and the view
// of them that each of its members keeps in memory. A row's value is an item in stored form with one string attribute
// that holds JSON.
//
// Row keys (table 0 of the tree), all behind u32 0:
//   "C": the next ids · "N" · u16 node id: one node · "S": the system partition · "T" · name in UTF-8: one table.
import {
  groupId, storageKey, tableId, type GroupId, type NodeId, type StorageKey, type TableId,
} from "../../base/ids.ts";
import { utf8Encode } from "../../base/utf8.ts";
import { getAttribute } from "../../model/attribute-map.ts";
import { decodeStored, encodeItem } from "../../model/item-codec.ts";
import { isHiddenName } from "../../model/ledger.ts";
import { bytesToStorageKey } from "../../model/key-encoding.ts";
import type { NodeRecord, Partition, TableSchema } from "../../model/table-schema.ts";
import type { Mutation } from "../../wire/log-record.ts";
import { countersOf, isNodeRecord, isPartition, isTable, parseRow, type Counters } from "./catalogue-shapes.ts";

const SPACE = "\0\0\0\0";
const TABLE_ROW = `${SPACE}T`;
const NODE_ROW = `${SPACE}N`;
const COUNTER_KEY: StorageKey = storageKey(`${SPACE}C`);
const SYSTEM_KEY: StorageKey = storageKey(`${SPACE}S`);
export const CATALOGUE_FROM: StorageKey = storageKey(SPACE);
export const CATALOGUE_TO: StorageKey = storageKey("\0\0\0\x01");

/** Group 1 is the system group; tables and groups of users start behind what is reserved. */
const FIRST: Counters = { nextTable: 1, nextGroup: 16, nextNode: 1 };

export class Catalogue {
  readonly #tables: Map<string, TableSchema> = new Map();
  readonly #nodes: Map<NodeId, NodeRecord> = new Map();
  #system: Partition | null = null;
  #counters: Counters = FIRST;

  /** Before it is read again: a member that was away may have missed that rows went. */
  clear(): void {
    this.#tables.clear();
    this.#nodes.clear();
    this.#system = null;
    this.#counters = FIRST;
  }

  table(name: string): TableSchema | null {
    return this.#tables.get(name) ?? null;
  }

  /** In no particular order. */
  tables(): readonly TableSchema[] {
    return [...this.#tables.values()];
  }

  /** Of users. */
  get tableCount(): number {
    let count = 0;
    for (const name of this.#tables.keys()) if (!isHiddenName(name)) count++;
    return count;
  }

  node(id: NodeId): NodeRecord | null {
    return this.#nodes.get(id) ?? null;
  }

  /** Removed ones included. */
  nodes(): readonly NodeRecord[] {
    return [...this.#nodes.values()];
  }

  /** Null until the first leader has written it. */
  get system(): Partition | null {
    return this.#system;
  }

  get counters(): Counters {
    return this.#counters;
  }

  nextTableId(): TableId {
    return tableId(this.#counters.nextTable);
  }

  nextGroupId(offset: number): GroupId {
    return groupId(this.#counters.nextGroup + offset);
  }

  /** Takes over one committed row. Returns what is wrong with it, or null. */
  apply(row: Mutation): string | null {
    const { key, value } = row;
    if (value === null) return this.#remove(key);
    const json = rowJson(value);
    const fields = json === null ? null : parseRow(json);
    if (fields === null) return "a row of the catalogue holds no JSON object";
    if (key === COUNTER_KEY) {
      const counters = countersOf(fields);
      if (counters === null) return "the catalogue's counters are no counters";
      this.#counters = counters;
    } else if (key === SYSTEM_KEY) {
      if (!isPartition(fields)) return "the system group's row is no partition";
      this.#system = fields;
    } else if (key.startsWith(NODE_ROW)) {
      if (!isNodeRecord(fields) || nodeRowKey(fields.id) !== key) return "a node's row is no node of its id";
      this.#nodes.set(fields.id, fields);
    } else {
      if (!isTable(fields) || tableRowKey(fields.name) !== key) return "a table's row is no table of its name";
      this.#tables.set(fields.name, fields);
    }
    return null;
  }

  #remove(key: StorageKey): string | null {
    if (!key.startsWith(TABLE_ROW)) return "a row of the catalogue is gone that never goes";
    for (const table of this.#tables.values()) {
      if (tableRowKey(table.name) === key) this.#tables.delete(table.name);
    }
    return null;
  }
}

export function tableRow(table: TableSchema): Mutation {
  return row(tableRowKey(table.name), table);
}

export function tableRowRemoval(name: string): Mutation {
  return { key: tableRowKey(name), value: null };
}

export function counterRow(counters: Counters): Mutation {
  return row(COUNTER_KEY, counters);
}

export function nodeRow(node: NodeRecord): Mutation {
  return row(nodeRowKey(node.id), node);
}

export function systemRow(partition: Partition): Mutation {
  return row(SYSTEM_KEY, partition);
}

function tableRowKey(name: string): StorageKey {
  const bytes = utf8Encode(name);
  return storageKey(TABLE_ROW + bytesToStorageKey(bytes, 0, bytes.length));
}

function nodeRowKey(id: NodeId): StorageKey {
  return storageKey(NODE_ROW + String.fromCharCode(id >>> 8, id & 255));
}

function row(key: StorageKey, value: Counters | NodeRecord | Partition | TableSchema): Mutation {
  return { key, value: encodeItem({ json: { S: JSON.stringify(value) } }, 0, key) };
}

function rowJson(stored: Uint8Array): string | null {
  const value = getAttribute(decodeStored(stored), "json");
  return value !== undefined && "S" in value ? value.S : null;
}

// The catalogue: tables and counters as rows of the system group, and the view of them that each node keeps
// in memory. A row's value is an item in stored form with one string attribute that holds JSON.
//
// Row keys (table 0 of the tree): u32 0 · "C": the next ids · u32 0 · "T" · table name in UTF-8: one table.
import { assert, must } from "../../base/assert.ts";
import { groupId, storageKey, tableId, type GroupId, type StorageKey, type TableId } from "../../base/ids.ts";
import { utf8Encode } from "../../base/utf8.ts";
import { getAttribute } from "../../model/attribute-map.ts";
import { decodeStored, encodeItem } from "../../model/item-codec.ts";
import { bytesToStorageKey } from "../../model/key-encoding.ts";
import type { TableSchema } from "../../model/table-schema.ts";
import type { Mutation } from "../../wire/log-record.ts";

const SPACE = "\0\0\0\0";
const TABLE_ROW = `${SPACE}T`;
const COUNTER_KEY: StorageKey = storageKey(`${SPACE}C`);
export const CATALOGUE_FROM: StorageKey = storageKey(SPACE);
export const CATALOGUE_TO: StorageKey = storageKey("\0\0\0\x01");

/** Ids given out so far; an id is never given twice. */
export type Counters = { readonly nextTable: number; readonly nextGroup: number };

/** Group 1 is the system group; tables and groups of users start behind what is reserved. */
const FIRST: Counters = { nextTable: 1, nextGroup: 16 };

export class Catalogue {
  #tables: Map<string, TableSchema> = new Map();
  #counters: Counters = FIRST;

  table(name: string): TableSchema | null {
    return this.#tables.get(name) ?? null;
  }

  /** In no particular order. */
  tables(): readonly TableSchema[] {
    return [...this.#tables.values()];
  }

  get tableCount(): number {
    return this.#tables.size;
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

  /** Takes over one committed row. */
  apply(row: Mutation): void {
    if (row.key === COUNTER_KEY) {
      this.#counters = JSON.parse(rowJson(must(row.value, "the counter row is never deleted"))) as Counters;
      return;
    }
    assert(row.key.startsWith(TABLE_ROW), "a catalogue row is a table or the counters");
    if (row.value === null) {
      for (const table of this.#tables.values()) {
        if (tableRowKey(table.name) === row.key) this.#tables.delete(table.name);
      }
      return;
    }
    const table = JSON.parse(rowJson(row.value)) as TableSchema;
    assert(tableRowKey(table.name) === row.key, "a table's row stands under its name");
    this.#tables.set(table.name, table);
  }
}

export function tableRow(table: TableSchema): Mutation {
  return row(tableRowKey(table.name), JSON.stringify(table));
}

export function tableRowRemoval(name: string): Mutation {
  return { key: tableRowKey(name), value: null };
}

export function counterRow(counters: Counters): Mutation {
  return row(COUNTER_KEY, JSON.stringify(counters));
}

function tableRowKey(name: string): StorageKey {
  const bytes = utf8Encode(name);
  return storageKey(TABLE_ROW + bytesToStorageKey(bytes, 0, bytes.length));
}

function row(key: StorageKey, json: string): Mutation {
  return { key, value: encodeItem({ json: { S: json } }, 0, key) };
}

function rowJson(stored: Uint8Array): string {
  const value = must(getAttribute(decodeStored(stored), "json"), "a catalogue row has its JSON");
  assert("S" in value, "a catalogue row is a string");
  return value.S;
}

// Holds requests from other processes against this node's own catalogue: a table in a request must be one that is
// known here, with the same keys. What executes the request reads stored keys by that schema, and relies on it.
import { unreachable } from "../base/assert.ts";
import type { LookupTable } from "../model/operation.ts";
import type { KeyAttribute, TableSchema } from "../model/table-schema.ts";
import type { Work } from "../wire/data-messages.ts";

export class RequestGuard {
  readonly #lookup: LookupTable;
  /** Tables found to agree. A connection hands out the same object for all requests on a table. */
  readonly #good: WeakSet<TableSchema> = new WeakSet();

  /** `lookup` gives null for tables that are not known. */
  constructor(lookup: LookupTable) {
    this.#lookup = lookup;
  }

  /** True when every table of the work is as it is known here. */
  admits(work: Work): boolean {
    switch (work.kind) {
      case "get":
      case "put":
      case "delete":
      case "update":
      case "query":
      case "scan":
        return this.#agrees(work.table);
      case "get-many":
        return work.gets.every(({ table }) => this.#agrees(table));
      case "write-many":
        return work.writes.every(({ table }) => this.#agrees(table));
      case "prepare":
        return work.actions.every(({ table }) => this.#agrees(table));
      case "get-stable":
        return work.gets.every(({ table }) => this.#agrees(table));
      case "finish":
        return this.#agrees(work.table);
      // These name tables, groups and keys, and bring no record of a table.
      case "status":
      case "table-work":
      case "reconfigure":
      case "split":
      case "transfer":
      case "group-status":
      case "snapshot-page":
      case "register":
      case "admin":
      case "describe":
      case "index-rows":
      case "fill-index":
      case "read-stream":
      case "switch-stream":
        return true;
      default:
        return unreachable(work);
    }
  }

  #agrees(table: TableSchema): boolean {
    if (this.#good.has(table)) return true;
    const known = this.#lookup(table.name);
    if (known === null || known.id !== table.id) return false;
    if (!isSameKey(known.hashKey, table.hashKey) || !isSameKey(known.rangeKey, table.rangeKey)) return false;
    // Plain data from one catalogue: the same indexes have the same text.
    if (JSON.stringify(known.localIndexes) !== JSON.stringify(table.localIndexes)) return false;
    this.#good.add(table);
    return true;
  }
}

/** True for what changes a group itself: only the control plane asks for that. */
export function isOrder({ kind }: Work): boolean {
  return kind === "reconfigure" || kind === "split" || kind === "transfer";
}

function isSameKey(a: KeyAttribute | null, b: KeyAttribute | null): boolean {
  return a === null || b === null ? a === b : a.name === b.name && a.type === b.type;
}

// Tables on their way to another state: a new one is ACTIVE once a leader serves each of its partitions; one that is
// being deleted goes at once, with its closed parents: nodes drop what the catalogue does not place on them.
import type { GroupId } from "../../base/ids.ts";
import type { TableSchema } from "../../model/table-schema.ts";
import type { Asks } from "./asks.ts";
import type { Catalogue } from "./catalogue.ts";
import type { Draft } from "./draft.ts";

/** A replica that has not answered for so long is asked again. */
const STATUS_MS_MAX = 100;

export class TableStates {
  readonly #asks: Asks;
  readonly #onServed: () => void;
  /** Groups of tables being created that a leader serves. */
  readonly #served: Set<GroupId> = new Set();
  /** Answers that are awaited, by group. */
  readonly #awaited: Map<GroupId, number> = new Map();

  constructor(asks: Asks, onServed: () => void) {
    this.#asks = asks;
    this.#onServed = onServed;
  }

  /** True while tables are on their way. */
  look(catalogue: Catalogue, draft: Draft): boolean {
    let isBusy = false;
    for (const table of catalogue.tables()) {
      if (table.status === "DELETING") {
        draft.remove(table.name);
        isBusy = true;
      } else if (table.status === "CREATING") {
        if (this.#isServed(table)) draft.put({ ...table, status: "ACTIVE" });
        isBusy = true;
      }
    }
    if (!isBusy) this.clear();
    return isBusy;
  }

  clear(): void {
    this.#served.clear();
    this.#awaited.clear();
  }

  #isServed(table: TableSchema): boolean {
    let isServed = true;
    for (const { group, replicas } of table.partitions) {
      if (this.#served.has(group)) continue;
      isServed = false;
      if ((this.#awaited.get(group) ?? 0) > 0) continue;
      let awaited = 0;
      for (const node of replicas) {
        const isAsked = this.#asks.ask(node, group, { kind: "status" }, STATUS_MS_MAX, (outcome) => {
          this.#awaited.set(group, (this.#awaited.get(group) ?? 1) - 1);
          if (outcome?.kind !== "status") return;
          this.#served.add(group);
          this.#onServed();
        });
        if (isAsked) awaited++;
      }
      this.#awaited.set(group, awaited);
    }
    return isServed;
  }
}

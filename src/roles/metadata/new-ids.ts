// Ids that a plan gives out, behind those that the catalogue says were given.
import { groupId, tableId, type GroupId, type TableId } from "../../base/ids.ts";
import type { Counters } from "./catalogue-shapes.ts";

/** Ids that a change gives out: none that was ever given. */
export class NewIds {
  readonly #before: Counters;
  #nextTable: number;
  #nextGroup: number;

  constructor(counters: Counters) {
    this.#before = counters;
    this.#nextTable = counters.nextTable;
    this.#nextGroup = counters.nextGroup;
  }

  takeTable(): TableId {
    return tableId(this.#nextTable++);
  }

  takeGroup(): GroupId {
    return groupId(this.#nextGroup++);
  }

  /** As they are to be kept; null: none was taken. */
  get counters(): Counters | null {
    const { nextTable, nextGroup } = this.#before;
    if (this.#nextTable === nextTable && this.#nextGroup === nextGroup) return null;
    return { ...this.#before, nextTable: this.#nextTable, nextGroup: this.#nextGroup };
  }
}

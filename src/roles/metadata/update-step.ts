// One step of a change of a table (plan-update.ts): what it is given, and what it gives back.
import type { Refusal } from "../../model/operation.ts";
import type { TableSchema } from "../../model/table-schema.ts";
import type { ClusterView } from "./cluster-view.ts";
import type { NewIds } from "./new-ids.ts";

export type UpdateContext = {
  readonly nowMs: number;
  readonly view: ClusterView;
  readonly ids: NewIds;
  /** Draws a UUID. */
  readonly uuid: () => string;
  readonly partitionsPerTable: number;
  /** Time to live is not changed twice within it. */
  readonly ttlPauseMs: number;
};

/** The table as it will be, the same object when nothing changes; version and status are not the step's to set. */
export type Changed = {
  readonly kind: "changed";
  readonly table: TableSchema;
  /** Hidden tables that come with it. Absent: none. */
  readonly added?: readonly TableSchema[];
  /** As of Step, when it depends on what is changed. */
  readonly isQuiet?: true;
};

export type Step<C> = {
  readonly change: (table: TableSchema, wanted: C, context: UpdateContext) => Changed | Refusal;
  /** Nothing of it shows in the table's status. Else the table is UPDATING until table-states.ts finds it done. */
  readonly isQuiet?: true;
};

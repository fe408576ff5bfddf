// The routers of a cluster as clients reach them, by zone.
import type { Operation, Outcome } from "../../model/operation.ts";
import type { TableSchema } from "../../model/table-schema.ts";

export interface FrontEnd {
  readonly zones: number;
  /** Event target of the zone's router. */
  targetOf(zone: number): number;
  /** Null: nobody listens there, or it does not know the table yet. */
  table(zone: number): TableSchema | null;
  /** `done` is not called when the router loses power. */
  execute(zone: number, operation: Operation, done: (outcome: Outcome) => void): void;
}

export interface TableFrontEnd extends FrontEnd {
  /** Somebody listens, and knows what tables there are. */
  isReady(zone: number): boolean;
  tableNamed(zone: number, name: string): TableSchema | null;
}

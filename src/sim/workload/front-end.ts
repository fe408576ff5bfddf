// The routers of a cluster as clients reach them: doors, numbered from 1, one on each machine.
import type { Operation, Outcome } from "../../model/operation.ts";
import type { TableSchema } from "../../model/table-schema.ts";

export interface FrontEnd {
  readonly doors: number;
  /** Event target of the router. */
  targetOf(door: number): number;
  /** Null: nobody listens there, or it does not know the table yet. */
  table(door: number): TableSchema | null;
  /** `done` is not called when the router loses power. */
  execute(door: number, operation: Operation, done: (outcome: Outcome) => void): void;
}

export interface TableFrontEnd extends FrontEnd {
  /** Somebody listens, and knows what tables there are. */
  isReady(door: number): boolean;
  tableNamed(door: number, name: string): TableSchema | null;
}

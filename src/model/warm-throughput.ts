// How many units per second a table is said to serve at once, as AWS states it for tables of its kind. Stator itself
// does not ration by units.
import type { TableSchema } from "./table-schema.ts";
import type { Throughput } from "./table-settings.ts";

/** Of a table on demand, from its creation. */
const ON_DEMAND: Throughput = { readUnits: 12_000, writeUnits: 4_000 };

/** The larger of what the table has by itself and what was asked for. */
export function warmOf({ billing, warm }: Pick<TableSchema, "billing" | "warm">): Throughput {
  const own = billing.mode === "PAY_PER_REQUEST" ? ON_DEMAND : billing;
  if (warm === undefined) return own;
  return {
    readUnits: Math.max(own.readUnits, warm.readUnits), writeUnits: Math.max(own.writeUnits, warm.writeUnits),
  };
}

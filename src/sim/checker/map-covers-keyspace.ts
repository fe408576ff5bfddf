// The partitions of a table cover the hash space, without a hole and without overlap, and no group stands for
// two partitions.
import { HASH_POINT_END } from "../../base/ids.ts";
import type { TableSchema } from "../../model/table-schema.ts";
import { violation, type Violation } from "./violation.ts";

const CHECKER = "map-covers-keyspace";

export function checkMapCoversKeyspace(tables: readonly TableSchema[]): Violation[] {
  const found: Violation[] = [];
  const owner = new Map<number, string>();
  const report = (message: string): void => {
    found.push(violation(CHECKER, message));
  };
  for (const table of tables) {
    let at = 0;
    for (const partition of table.partitions) {
      if (partition.from !== at) {
        const what = partition.from > at ? "a hole" : "an overlap";
        report(`table ${table.name}: ${what} at ${at}, the next partition begins at ${partition.from}`);
      }
      if (partition.to <= partition.from) {
        report(`table ${table.name}: the partition at ${partition.from} is empty`);
      }
      at = partition.to;
      const other = owner.get(partition.group);
      if (other !== undefined) report(`group ${partition.group} is in ${other} and in ${table.name}`);
      owner.set(partition.group, table.name);
    }
    if (at !== HASH_POINT_END) report(`table ${table.name}: the map ends at ${at}`);
  }
  return found;
}

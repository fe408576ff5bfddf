// All suites, in the order in which they run.
import { batches } from "./batches.ts";
import { capacity } from "./capacity.ts";
import { conditions } from "./conditions.ts";
import { globalIndexes } from "./global-indexes.ts";
import { items } from "./items.ts";
import { legacy } from "./legacy.ts";
import { limits } from "./limits.ts";
import { localIndexes } from "./local-indexes.ts";
import { partiql } from "./partiql.ts";
import { querySuite } from "./query.ts";
import { scan } from "./scan.ts";
import { sdk } from "./sdk.ts";
import { streamsSuite } from "./streams.ts";
import type { Suite } from "./suite.ts";
import { tableSettings } from "./table-settings.ts";
import { tables } from "./tables.ts";
import { toldSettings } from "./told-settings.ts";
import { transactions } from "./transactions.ts";
import { updates } from "./updates.ts";
import { values } from "./values.ts";
import { wire } from "./wire.ts";

export const SUITES: readonly Suite[] = [
  tables, tableSettings, toldSettings, items, values, conditions, updates, querySuite, scan, batches, localIndexes,
  globalIndexes, streamsSuite, transactions, legacy, partiql, capacity, limits, sdk, wire,
];

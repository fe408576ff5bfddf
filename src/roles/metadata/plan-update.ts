// Decides what UpdateTable and its like do to a table: one step per member of TableChange, each pure. The steps are
// taken in the order of the table below, on the outcome of those before; one that refuses refuses the whole change.
import type { TableSchema } from "../../model/table-schema.ts";
import type { TableChange } from "../../model/table-settings.ts";
import { counterRow, tableRow, type Catalogue } from "./catalogue.ts";
import { NewIds } from "./new-ids.ts";
import { refuseInUse, type TablePlan } from "./plan-table.ts";
import { changeBilling } from "./plan-billing.ts";
import { changeStream } from "./plan-stream.ts";
import { changeIndexes, withIndexBilling } from "./plan-index-updates.ts";
import { changeInsights, changePolicy } from "./plan-told-settings.ts";
import {
  changeClass, changeEncryption, changeOnDemandCap, changeProtection, changeTags, changeTimeToLive, changeWarm,
} from "./plan-settings.ts";
import { refuseUpdating } from "./refuse-updating.ts";
import type { Step, UpdateContext } from "./update-step.ts";

const STEPS: { readonly [K in keyof TableChange]-?: Step<Exclude<TableChange[K], undefined>> } = {
  billing: { change: changeBilling },
  globalIndexes: { change: changeIndexes },
  stream: { change: changeStream },
  tableClass: { change: changeClass },
  deletionProtection: { change: changeProtection, isQuiet: true },
  onDemandCap: { change: changeOnDemandCap, isQuiet: true },
  warm: { change: changeWarm, isQuiet: true },
  encryption: { change: changeEncryption, isQuiet: true },
  timeToLive: { change: changeTimeToLive, isQuiet: true },
  tags: { change: changeTags, isQuiet: true },
  policy: { change: changePolicy, isQuiet: true },
  insights: { change: changeInsights, isQuiet: true },
};

type Taken = readonly [Step<unknown>, unknown];

export function planUpdate(
  catalogue: Catalogue, name: string, change: TableChange, context: Omit<UpdateContext, "ids">,
): TablePlan {
  const found = catalogue.table(name);
  if (found === null) return { kind: "table-not-found", name };
  const taken = stepsOf(change);
  const inUse = found.status === "UPDATING" ? refuseUpdating(found, change, context.nowMs) : refuseInUse(found);
  if (inUse !== null) return inUse;
  const ids = new NewIds(catalogue.counters);
  let table = found;
  let isQuiet = true;
  const added: TableSchema[] = [];
  for (const [step, wanted] of taken) {
    const next = step.change(table, wanted, { ...context, ids });
    if (next.kind !== "changed") return next;
    if (next.table !== table && step.isQuiet !== true && next.isQuiet !== true) isQuiet = false;
    ({ table } = next);
    added.push(...(next.added ?? []));
  }
  const billed = withIndexBilling(table);
  if ("kind" in billed) return billed;
  table = billed;
  if (table === found) return { kind: "plan", rows: [], table };
  table = { ...table, status: isQuiet ? found.status : "UPDATING", version: found.version + 1 };
  const { counters } = ids;
  const tables = [tableRow(table), ...added.map((hidden) => tableRow(hidden))];
  const rows = counters === null ? tables : [counterRow(counters), ...tables];
  return { kind: "plan", rows, table };
}

function stepsOf(change: TableChange): readonly Taken[] {
  const taken: Taken[] = [];
  for (const [member, step] of Object.entries(STEPS)) {
    const wanted = change[member as keyof TableChange];
    if (wanted !== undefined) taken.push([step as Step<unknown>, wanted]);
  }
  return taken;
}

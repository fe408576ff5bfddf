// Decides what UpdateTable and its like do to a table: one step per member of TableChange, each pure. The steps are
// taken in the order of the table below, on the outcome of those before; one that refuses refuses the whole change.
import type { Refusal } from "../../model/operation.ts";
import type { TableSchema } from "../../model/table-schema.ts";
import type { TableChange } from "../../model/table-settings.ts";
import { counterRow, tableRow, type Catalogue } from "./catalogue.ts";
import { NewIds } from "./new-ids.ts";
import { refuseInUse, stillInUse, type TablePlan } from "./plan-table.ts";
import { changeBilling } from "./plan-billing.ts";
import { changeStream } from "./plan-stream.ts";
import { changeIndexes, withIndexBilling } from "./plan-index-updates.ts";
import { changeInsights, changePolicy } from "./plan-told-settings.ts";
import {
  changeClass, changeEncryption, changeOnDemandCap, changeProtection, changeTags, changeTimeToLive, changeWarm,
} from "./plan-settings.ts";
import type { Step, UpdateContext } from "./update-step.ts";

const STEPS: { readonly [K in keyof TableChange]-?: Step<Exclude<TableChange[K], undefined>> } = {
  billing: { change: changeBilling },
  globalIndexes: { change: changeIndexes },
  stream: { change: changeStream },
  tableClass: { change: changeClass },
  deletionProtection: { change: changeProtection, isQuiet: true, isAnyTime: true },
  onDemandCap: { change: changeOnDemandCap, isQuiet: true },
  warm: { change: changeWarm, isQuiet: true, isAnyTime: true },
  encryption: { change: changeEncryption, isQuiet: true },
  timeToLive: { change: changeTimeToLive, isQuiet: true, isAnyTime: true },
  tags: { change: changeTags, isQuiet: true, isAnyTime: true },
  policy: { change: changePolicy, isQuiet: true, isAnyTime: true },
  insights: { change: changeInsights, isQuiet: true, isAnyTime: true },
};

type Taken = readonly [Step<unknown>, unknown];

export function planUpdate(
  catalogue: Catalogue, name: string, change: TableChange, context: Omit<UpdateContext, "ids">,
): TablePlan {
  const found = catalogue.table(name);
  if (found === null) return { kind: "table-not-found", name };
  const taken = stepsOf(change);
  const isAnyTime = found.status === "UPDATING" && taken.every(([step]) => step.isAnyTime === true);
  const inUse = isAnyTime ? null : refuseUpdating(found, change) ?? refuseInUse(found);
  if (inUse !== null) return inUse;
  const ids = new NewIds(catalogue.counters);
  let table = found;
  let isQuiet = true;
  const added: TableSchema[] = [];
  for (const [step, wanted] of taken) {
    const next = step.change(table, wanted, { ...context, ids });
    if (next.kind !== "changed") return next;
    if (next.table !== table && step.isQuiet !== true) isQuiet = false;
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

/** In words of their own for changes that DynamoDB has them for. */
function refuseUpdating({ name, status, tableClass }: TableSchema, change: TableChange): Refusal | null {
  if (status !== "UPDATING") return null;
  if (change.billing !== undefined) return stillInUse(name, `Table IOPS are currently being updated. Table: ${name}`);
  if (change.onDemandCap !== undefined) {
    return stillInUse(name, "OnDemandThroughput cannot be updated while BillingMode update is in progress");
  }
  return change.tableClass === undefined ? null
    : stillInUse(name, "Can't update table class when a table class update is in progress. "
      + `Table: ${name} TableClassUpdateInProgress: ${tableClass}`);
}

function stepsOf(change: TableChange): readonly Taken[] {
  const taken: Taken[] = [];
  for (const [member, step] of Object.entries(STEPS)) {
    const wanted = change[member as keyof TableChange];
    if (wanted !== undefined) taken.push([step as Step<unknown>, wanted]);
  }
  return taken;
}

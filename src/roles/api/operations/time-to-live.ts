// UpdateTimeToLive and DescribeTimeToLive. A change is in force at once, so ENABLING and DISABLING are not met.
import type { Call } from "../call.ts";
import { type Failure, failureOf, failureOfRefusal, tableNotFoundNamed, validation } from "../errors.ts";
import type { JsonObject } from "../validate/json-object.ts";
import { NAMED_TABLE } from "../validate/shared-shapes.ts";
import { UPDATE_TIME_TO_LIVE } from "../validate/table-shapes.ts";
import type { OperationHandler } from "./handler.ts";
import { tableNameOf } from "./table-name.ts";

export const updateTimeToLive: OperationHandler = { shape: UPDATE_TIME_TO_LIVE, run: runUpdate };
export const describeTimeToLive: OperationHandler = { shape: NAMED_TABLE, run: runDescribe };

function runUpdate(input: JsonObject, call: Call): Failure | null {
  const name = tableNameOf(input);
  const { AttributeName, Enabled } = input["TimeToLiveSpecification"] as { AttributeName: string; Enabled: boolean };
  const timeToLive = { attribute: AttributeName, isEnabled: Enabled };
  call.plan({ kind: "update-table", name, change: { timeToLive } }, (outcome) => {
    if (outcome.kind === "table") {
      call.succeedText(JSON.stringify({ TimeToLiveSpecification: { Enabled, AttributeName } }));
    } else if (outcome.kind === "table-in-use") {
      const message = outcome.message.replace(/Table is being (\w+): .*$/, `Table ${name} is being $1`);
      call.fail(failureOfRefusal({ ...outcome, message }, true));
    } else call.fail(failureOf(outcome, true));
  });
  return null;
}

/** Whether time to live was never switched on, or was switched off again, is not told. */
function runDescribe(input: JsonObject, call: Call): Failure | null {
  const name = tableNameOf(input);
  const table = call.context.lookupTable(name);
  if (table === null) return tableNotFoundNamed(name);
  const { status, timeToLive } = table;
  if (status === "CREATING" || status === "DELETING") {
    return validation(`Cannot describe time to live while table is in ${status} state: `
      + `Current table state is ${status}`);
  }
  const described = timeToLive?.isEnabled === true
    ? { TimeToLiveStatus: "ENABLED", AttributeName: timeToLive.attribute } : { TimeToLiveStatus: "DISABLED" };
  call.succeedText(JSON.stringify({ TimeToLiveDescription: described }));
  return null;
}

// Kinesis destinations: there is no Kinesis, so a table has none and none can be found to enable.
import type { Call } from "../call.ts";
import { type Failure, resourceNotFound, tableNotFoundNamed, validation } from "../errors.ts";
import type { JsonObject } from "../validate/json-object.ts";
import { SWITCH_KINESIS, UPDATE_KINESIS } from "../validate/settings-shapes.ts";
import { NAMED_TABLE } from "../validate/shared-shapes.ts";
import type { OperationHandler } from "./handler.ts";
import { tableNameOf } from "./table-name.ts";

export const describeKinesis: OperationHandler = { shape: NAMED_TABLE, run: runDescribe };
export const enableKinesis: OperationHandler = { shape: SWITCH_KINESIS, run: runEnable };
export const disableKinesis: OperationHandler = { shape: SWITCH_KINESIS, run: runDisable };
export const updateKinesis: OperationHandler = { shape: UPDATE_KINESIS, run: runUpdate };

const STATE = "Table is not in a valid state to enable Kinesis Streaming Destination:";

/** Null: it is there and is not just being made. */
function missing(name: string, call: Call): Failure | null {
  const table = call.context.lookupTable(name);
  return table === null || table.status === "CREATING" ? tableNotFoundNamed(name) : null;
}

function runDescribe(input: JsonObject, call: Call): Failure | null {
  const name = tableNameOf(input);
  if (call.context.lookupTable(name) === null) return tableNotFoundNamed(name);
  call.succeedText(JSON.stringify({ TableName: name, KinesisDataStreamDestinations: [] }));
  return null;
}

function runEnable(input: JsonObject, call: Call): Failure {
  return missing(tableNameOf(input), call)
    ?? resourceNotFound(`Requested resource not found: Kinesis stream: ${input["StreamArn"] as string} not found`);
}

function runDisable(input: JsonObject, call: Call): Failure {
  if (input["EnableKinesisStreamingConfiguration"] !== undefined) {
    return validation("Stream cannot be disabled using EnableKinesisStreamingConfiguration parameters");
  }
  return missing(tableNameOf(input), call)
    ?? validation(`${STATE} KinesisStreamingDestination must be ACTIVE to perform DISABLE operation.`);
}

function runUpdate(input: JsonObject, call: Call): Failure {
  const wanted = input["UpdateKinesisStreamingConfiguration"] as JsonObject | undefined;
  if (wanted?.["ApproximateCreationDateTimePrecision"] === undefined) {
    return validation("Streaming destination cannot be updated with given parameters: "
      + "UpdateKinesisStreamingConfiguration cannot be null or contain only null values");
  }
  const name = tableNameOf(input);
  return missing(name, call) ?? validation(`${STATE} Kinesis streaming is not in ACTIVE state. `
    + `Updates are only allowed in ACTIVE state. TableName: ${name}, kdsArn: ${input["StreamArn"] as string}`);
}

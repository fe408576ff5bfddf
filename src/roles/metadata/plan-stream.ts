// The step of a table's change that switches its stream. What it takes until the switch is done, stream-steps.ts does.
import type { Refusal } from "../../model/operation.ts";
import type { TableSchema } from "../../model/table-schema.ts";
import type { TableChange } from "../../model/table-settings.ts";
import { isRecording, withNewStream } from "../../model/table-stream.ts";
import type { Changed, UpdateContext } from "./update-step.ts";

export function changeStream(
  table: TableSchema, { viewType }: NonNullable<TableChange["stream"]>, { nowMs }: Pick<UpdateContext, "nowMs">,
): Changed | Refusal {
  const { stream } = table;
  if (isRecording(stream) === (viewType !== null)) {
    const state = viewType === null ? "Table has no stream to disable" : "Table already has an enabled stream";
    return { kind: "invalid", message: `${state}: TableName: ${table.name}` };
  }
  if (viewType !== null) return { kind: "changed", table: withNewStream(table, viewType, nowMs) };
  return stream === undefined ? { kind: "changed", table }
    : { kind: "changed", table: { ...table, stream: { ...stream, status: "DISABLING" } } };
}

// ConsumedCapacity as JSON text.

/** What ReturnConsumedCapacity asks for; null for NONE. */
export type CapacityMode = "TOTAL" | "INDEXES" | null;

export function capacityModeOf(returnConsumedCapacity: unknown): CapacityMode {
  return returnConsumedCapacity === "TOTAL" || returnConsumedCapacity === "INDEXES" ? returnConsumedCapacity : null;
}

/** What a local index took part with. */
export type IndexUnits = { readonly name: string; readonly units: number };
const NO_INDEXES: readonly IndexUnits[] = [];

/** `table` is the name or ARN as the client gave it; `units` are the table's own, without those of `indexes`. */
export function capacityJson(
  table: string, units: number, mode: "TOTAL" | "INDEXES", indexes: readonly IndexUnits[] = NO_INDEXES,
): string {
  let total = units;
  for (const index of indexes) total += index.units;
  const text = unitsText(total);
  let inner = mode === "INDEXES" ? `,"Table":{"CapacityUnits":${unitsText(units)}}` : "";
  if (mode === "INDEXES" && indexes.length > 0) {
    const each = indexes.map((index) => `${JSON.stringify(index.name)}:{"CapacityUnits":${unitsText(index.units)}}`);
    inner += `,"LocalSecondaryIndexes":{${each.join(",")}}`;
  }
  return `{"TableName":${JSON.stringify(table)},"CapacityUnits":${text}${inner}}`;
}

/** A double with its point, as DynamoDB prints it. */
function unitsText(units: number): string {
  return Number.isInteger(units) ? `${units}.0` : String(units);
}

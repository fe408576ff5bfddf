// ConsumedCapacity as JSON text.

/** What ReturnConsumedCapacity asks for; null for NONE. */
export type CapacityMode = "TOTAL" | "INDEXES" | null;

export function capacityModeOf(returnConsumedCapacity: unknown): CapacityMode {
  return returnConsumedCapacity === "TOTAL" || returnConsumedCapacity === "INDEXES" ? returnConsumedCapacity : null;
}

/** `table` is the name or ARN as the client gave it. */
export function capacityJson(table: string, units: number, mode: "TOTAL" | "INDEXES"): string {
  const text = unitsText(units);
  const inner = mode === "INDEXES" ? `,"Table":{"CapacityUnits":${text}}` : "";
  return `{"TableName":${JSON.stringify(table)},"CapacityUnits":${text}${inner}}`;
}

/** A double with its point, as DynamoDB prints it. */
function unitsText(units: number): string {
  return Number.isInteger(units) ? `${units}.0` : String(units);
}

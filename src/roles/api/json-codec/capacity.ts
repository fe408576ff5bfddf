// ConsumedCapacity as JSON text.

/** What ReturnConsumedCapacity asks for; null for NONE. */
export type CapacityMode = "TOTAL" | "INDEXES" | null;

export function capacityModeOf(returnConsumedCapacity: unknown): CapacityMode {
  return returnConsumedCapacity === "TOTAL" || returnConsumedCapacity === "INDEXES" ? returnConsumedCapacity : null;
}

/** What an index took part with. */
export type IndexUnits = { readonly name: string; readonly units: number; readonly isGlobal: boolean };
const NO_INDEXES: readonly IndexUnits[] = [];

/** Adds units to sums by index. */
export function addIndexUnits(sums: Map<string, IndexUnits>, more: readonly IndexUnits[]): void {
  for (const index of more) {
    sums.set(index.name, { ...index, units: (sums.get(index.name)?.units ?? 0) + index.units });
  }
}

/** `table` is the name or ARN as the client gave it; `units` are the table's own, without those of `indexes`. */
export function capacityJson(
  table: string, units: number, mode: "TOTAL" | "INDEXES", indexes: readonly IndexUnits[] = NO_INDEXES,
): string {
  let total = units;
  for (const index of indexes) total += index.units;
  const text = unitsText(total);
  let inner = mode === "INDEXES" ? `,"Table":{"CapacityUnits":${unitsText(units)}}` : "";
  if (mode === "INDEXES") {
    inner += indexUnitsJson("LocalSecondaryIndexes", indexes.filter(({ isGlobal }) => !isGlobal))
      + indexUnitsJson("GlobalSecondaryIndexes", indexes.filter(({ isGlobal }) => isGlobal));
  }
  return `{"TableName":${JSON.stringify(table)},"CapacityUnits":${text}${inner}}`;
}

function indexUnitsJson(member: string, indexes: readonly IndexUnits[]): string {
  if (indexes.length === 0) return "";
  const each = indexes.map(({ name, units }) => `${JSON.stringify(name)}:{"CapacityUnits":${unitsText(units)}}`);
  return `,"${member}":{${each.join(",")}}`;
}

/** A double with its point, as DynamoDB prints it. */
function unitsText(units: number): string {
  return Number.isInteger(units) ? `${units}.0` : String(units);
}

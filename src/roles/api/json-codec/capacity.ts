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
  kind: UnitKind = "",
): string {
  let total = units;
  for (const index of indexes) total += index.units;
  let inner = mode === "INDEXES" ? `,"Table":{${membersText(units, kind)}}` : "";
  if (mode === "INDEXES") {
    inner += indexUnitsJson("LocalSecondaryIndexes", indexes.filter(({ isGlobal }) => !isGlobal), kind)
      + indexUnitsJson("GlobalSecondaryIndexes", indexes.filter(({ isGlobal }) => isGlobal), kind);
  }
  return `{"TableName":${JSON.stringify(table)},${membersText(total, kind)}${inner}}`;
}

/** Transactions tell their units twice: of any kind, and of their own. */
export type UnitKind = "" | "Read" | "Write";

function membersText(units: number, kind: UnitKind): string {
  const text = unitsText(units);
  return kind === "" ? `"CapacityUnits":${text}` : `"CapacityUnits":${text},"${kind}CapacityUnits":${text}`;
}

function indexUnitsJson(member: string, indexes: readonly IndexUnits[], kind: UnitKind): string {
  if (indexes.length === 0) return "";
  const each = indexes.map(({ name, units }) => `${JSON.stringify(name)}:{${membersText(units, kind)}}`);
  return `,"${member}":{${each.join(",")}}`;
}

/** A double with its point, as DynamoDB prints it. */
function unitsText(units: number): string {
  return Number.isInteger(units) ? `${units}.0` : String(units);
}

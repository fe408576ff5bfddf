// The quota of an AWS account for the units of one table or index, which DescribeLimits tells: what asks for more is
// refused, although nothing is rationed here. Each is looked at by itself: a table and its indexes may have as much.
import { TABLE_UNITS_MAX } from "../../../model/limits.ts";
import type { GlobalIndexDefinition, TableDefinition, TableSchema } from "../../../model/table-schema.ts";
import type { TableChange, Throughput, ThroughputCap } from "../../../model/table-settings.ts";
import { type Failure, serviceError } from "../errors.ts";

type Asked = {
  /** Null: the table. */
  readonly index: string | null;
  readonly throughput?: Partial<Throughput>;
  readonly onDemandCap?: Partial<ThroughputCap>;
  readonly warm?: Partial<Throughput>;
};

/** Null: within the quota. */
export function createFailure(definition: TableDefinition, region: string): Failure | null {
  const indexes = definition.globalIndexes ?? [];
  return failureOfAny([askedBy(definition, null), ...indexes.map((index) => askedBy(index, index.name))], region);
}

/** `table`: as it is. Of indexes only those are looked at that it has or is to have. */
export function updateFailure(change: TableChange, table: TableSchema, region: string): Failure | null {
  const { billing, onDemandCap, warm, globalIndexes = [] } = change;
  const asked: Asked[] = [{
    index: null,
    ...(billing?.throughput === undefined ? {} : { throughput: billing.throughput }),
    ...(onDemandCap === undefined ? {} : { onDemandCap }),
    ...(warm === undefined ? {} : { warm }),
  }];
  for (const one of globalIndexes) {
    if (one.kind === "create") asked.push(askedBy(one.index, one.index.name));
    else if (one.kind === "update" && table.globalIndexes?.some(({ name }) => name === one.name) === true) {
      asked.push({ ...one, index: one.name });
    }
  }
  return failureOfAny(asked, region);
}

type Settled = Pick<GlobalIndexDefinition, "billing" | "onDemandCap" | "warm">;

function askedBy({ billing, onDemandCap, warm }: Settled, index: string | null): Asked {
  return {
    index, throughput: billing,
    ...(onDemandCap === undefined ? {} : { onDemandCap }), ...(warm === undefined ? {} : { warm }),
  };
}

function failureOfAny(asked: readonly Asked[], region: string): Failure | null {
  for (const { index, throughput = {}, onDemandCap = {}, warm = {} } of asked) {
    for (const [side, units] of [["Read", throughput.readUnits], ["Write", throughput.writeUnits]] as const) {
      if (units !== undefined && units > TABLE_UNITS_MAX) return aboveMaximum(side, units, index, region);
    }
    const bounds = [
      ["Read", "MaxReadRequestUnits for OnDemandThroughput", onDemandCap.readUnits, "index :"],
      ["Write", "MaxWriteRequestUnits for OnDemandThroughput", onDemandCap.writeUnits, "index :"],
      ["Read", "ReadUnitsPerSecond for WarmThroughput", warm.readUnits, "index"],
      ["Write", "WriteUnitsPerSecond for WarmThroughput", warm.writeUnits, "index"],
    ] as const;
    for (const [side, member, units, word] of bounds) {
      if (units === undefined || units === null || units <= TABLE_UNITS_MAX) continue;
      const whose = index === null ? "table" : `${word} ${index}`;
      return serviceError("LimitExceededException", `Subscriber limit exceeded: Requested ${member} for ${whose} `
        + `exceeds TableMax${side}CapacityUnits of the account in region ${region}`);
    }
  }
  return null;
}

function aboveMaximum(side: "Read" | "Write", units: number, index: string | null, region: string): Failure {
  const whose = index === null ? "" : ` for index ${index}`;
  return serviceError("LimitExceededException", `The requested ${side}CapacityUnits${whose}, ${units}, is above `
    + `the per ${index === null ? "table" : "index"} maximum for the account in ${region}. `
    + `Per table maximum: ${TABLE_UNITS_MAX}. `
    + "Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.");
}

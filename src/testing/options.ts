// What a test asks for, checked and made whole. A wrong word or number is told at once, by name.
import { RULE_OPERATIONS, type Disturbance, type RefusalRule } from "../app/disturbance.ts";
import type { Refusal } from "../model/operation.ts";
import type { Disturbances, OperationName, Rule, StatorOptions, ThrottleRule } from "./api-types.ts";
import type { ThreadOptions } from "./commands.ts";

/** Longer than any test waits. */
const LAG_MS_MAX = 600_000;
const PORT_MAX = 65_535;
const ZONES_MAX = 5;
const PARTITIONS_MAX = 64;
const RULE_WORDS = ["rate", "tables", "operations"];
const REFUSALS: ReadonlyMap<string, Refusal> = new Map<string, Refusal>([
  ["ProvisionedThroughputExceededException", { kind: "throughput-exceeded" }],
  ["ThrottlingException", { kind: "overloaded", reason: "a test wants it so" }],
]);
/** A plain read never meets a transaction. */
const CONFLICTING: readonly OperationName[] = [
  "PutItem", "UpdateItem", "DeleteItem", "TransactGetItems", "TransactWriteItems",
];
const FAILURE: Refusal = { kind: "unavailable", reason: "a test wants it so" };

export function threadOptionsOf(options: StatorOptions): ThreadOptions {
  checkWords("startStator", options, [
    "port", "dataDir", "zones", "partitions", "region", "credentials", "cors", "logLevel",
  ]);
  return {
    port: checkWhole("port", options.port ?? 0, 0, PORT_MAX),
    dataDir: options.dataDir ?? null,
    zones: checkWhole("zones", options.zones ?? 3, 1, ZONES_MAX),
    partitions: checkWhole("partitions", options.partitions ?? 1, 1, PARTITIONS_MAX),
    region: options.region ?? "us-east-1",
    credentials: options.credentials ?? null,
    cors: options.cors ?? null,
    logLevel: options.logLevel ?? "error",
  };
}

export function disturbanceOf(disturbances: Disturbances): Disturbance {
  checkWords("disturb", disturbances, ["latencyMs", "eventualReadLagMs", "indexLagMs", "throttle", "conflict", "fail"]);
  const { latencyMs = 0, eventualReadLagMs = 0, indexLagMs = 0 } = disturbances;
  const { throttle = [], conflict = [], fail = [] } = disturbances;
  return {
    latencyMs: checkMs("latencyMs", latencyMs, LAG_MS_MAX),
    eventualReadLagMs: checkMs("eventualReadLagMs", eventualReadLagMs, LAG_MS_MAX),
    indexLagMs: checkMs("indexLagMs", indexLagMs, LAG_MS_MAX),
    refusals: [
      ...listOf<ThrottleRule>(throttle).map((rule) => throttleOf(rule)),
      ...listOf<Rule>(conflict).map((rule) => (
        ruleOf("conflict", { operations: CONFLICTING, ...rule }, RULE_WORDS, { kind: "conflict" }))),
      ...listOf<Rule>(fail).map((rule) => ruleOf("fail", rule, RULE_WORDS, FAILURE)),
    ],
  };
}

export function checkMs(name: string, ms: number, max: number = Number.MAX_SAFE_INTEGER): number {
  if (typeof ms === "number" && ms >= 0 && ms <= max) return ms;
  throw new TypeError(`${name} takes milliseconds from 0 to ${max}, not ${String(ms)}`);
}

function throttleOf(rule: ThrottleRule): RefusalRule {
  const refusal = REFUSALS.get(rule.error ?? "ProvisionedThroughputExceededException");
  if (refusal === undefined) {
    throw new TypeError(`throttle: error is one of ${[...REFUSALS.keys()].join(", ")}, not ${String(rule.error)}`);
  }
  return ruleOf("throttle", rule, [...RULE_WORDS, "error"], refusal);
}

function ruleOf(name: string, rule: Rule, words: readonly string[], refusal: Refusal): RefusalRule {
  checkWords(name, rule, words);
  const { rate = 1, tables, operations } = rule;
  if (!(typeof rate === "number" && rate >= 0 && rate <= 1)) {
    throw new TypeError(`${name}: rate is a number from 0 to 1, not ${String(rate)}`);
  }
  const named = operations === undefined ? null : listOf<string>(operations);
  for (const operation of named ?? []) {
    if (!RULE_OPERATIONS.includes(operation)) {
      throw new TypeError(`${name}: ${operation} is none of ${RULE_OPERATIONS.join(", ")}`);
    }
  }
  return { tables: tables === undefined ? null : listOf<string>(tables), operations: named, rate, refusal };
}

function listOf<T>(given: T | readonly T[]): readonly T[] {
  return Array.isArray(given) ? given as readonly T[] : [given as T];
}

function checkWords(name: string, given: object, words: readonly string[]): void {
  for (const word of Object.keys(given)) {
    if (!words.includes(word)) throw new TypeError(`${name} knows ${words.join(", ")}, not ${word}`);
  }
}

function checkWhole(name: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new TypeError(`${name} is a whole number from ${min} to ${max}, not ${String(value)}`);
}

// UpdateContributorInsights, DescribeContributorInsights and ListContributorInsights: what is switched on is told;
// nothing collects. A change is in force at once, so ENABLING and DISABLING are seen in its own answer only.
import { base64ToBytes, bytesToBase64 } from "../../../base/base64.ts";
import { utf8Decode, utf8Encode } from "../../../base/utf8.ts";
import { globalIndexesOf } from "../../../model/global-index.ts";
import { LIST_TABLES_COUNT_MAX } from "../../../model/limits.ts";
import type { Execute } from "../../../model/operation.ts";
import type { TableSchema } from "../../../model/table-schema.ts";
import type { Insights, InsightsMode } from "../../../model/table-settings.ts";
import type { Call } from "../call.ts";
import { type Failure, failureOf, resourceNotFound, tableNotFoundNamed, validation } from "../errors.ts";
import { type Result, no, ok } from "../result.ts";
import type { JsonObject } from "../validate/json-object.ts";
import { tableRefOf } from "../validate/names.ts";
import { DESCRIBE_INSIGHTS, INSIGHTS_COUNT_MAX, LIST_INSIGHTS, UPDATE_INSIGHTS } from "../validate/settings-shapes.ts";
import type { OperationHandler } from "./handler.ts";
import { lengthFailure, tableNameOf } from "./table-name.ts";

export const updateContributorInsights: OperationHandler = { shape: UPDATE_INSIGHTS, run: runUpdate };
export const describeContributorInsights: OperationHandler = { shape: DESCRIBE_INSIGHTS, run: runDescribe };
export const listContributorInsights: OperationHandler = { shape: LIST_INSIGHTS, run: runList };

/** A table or one of its global indexes, and what is set for it. */
type Target = { readonly table: TableSchema; readonly index: string | null; readonly insights: Insights | undefined };

function targetIn(input: JsonObject, call: Call): Result<Target> {
  const name = tableNameOf(input);
  const index = (input["IndexName"] as string | undefined) ?? null;
  const wrong = index === null ? null : lengthFailure("IndexName", index);
  if (wrong !== null) return no(wrong);
  const table = call.context.lookupTable(name);
  if (table === null) return no(tableNotFoundNamed(name));
  if (index === null) return ok({ table, index, insights: table.insights });
  const found = globalIndexesOf(table).find((one) => one.name === index);
  if (found === undefined || found.status === "CREATING") return no(indexNotFound(table.name, index));
  return ok({ table, index, insights: found.insights });
}

function indexNotFound(table: string, index: string): Failure {
  return resourceNotFound(`Requested resource not found: Index: ${index} not found for table: ${table}`);
}

function runUpdate(input: JsonObject, call: Call): Failure | null {
  const target = targetIn(input, call);
  if (!target.ok) return target.failure;
  const { table, index, insights: before } = target.value;
  if (table.status === "CREATING") {
    return validation("Table or Index is not in a valid state to update Key Access Insights: "
      + "TableStatus must be ACTIVE to enable ContributorInsights.");
  }
  const isEnabled = input["ContributorInsightsAction"] === "ENABLE";
  const mode = (input["ContributorInsightsMode"] as InsightsMode | undefined) ?? "ACCESSED_AND_THROTTLED_KEYS";
  const change = { insights: { index, isEnabled, mode } };
  call.plan({ kind: "update-table", name: table.name, change }, (outcome) => {
    if (outcome.kind === "table") {
      const after = insightsOf(outcome.table, index);
      call.succeedText(JSON.stringify({
        ...named(table.name, index), ContributorInsightsStatus: changingStatus(before, after),
        ...(after === undefined ? {} : { ContributorInsightsMode: after.mode }),
      }));
    } else {
      call.fail(outcome.kind === "index-not-found" && index !== null
        ? indexNotFound(table.name, index) : failureOf(outcome, true));
    }
  });
  return null;
}

function insightsOf(table: TableSchema, index: string | null): Insights | undefined {
  return index === null ? table.insights : globalIndexesOf(table).find(({ name }) => name === index)?.insights;
}

function named(table: string, index: string | null): Readonly<Record<string, string>> {
  return { TableName: table, ...(index === null ? {} : { IndexName: index }) };
}

function changingStatus(before: Insights | undefined, after: Insights | undefined): string {
  const isOn = after?.isEnabled === true;
  if (isOn) return before?.isEnabled === true && before.mode === after.mode ? "ENABLED" : "ENABLING";
  return before?.isEnabled === true ? "DISABLING" : "DISABLED";
}

function runDescribe(input: JsonObject, call: Call): Failure | null {
  const target = targetIn(input, call);
  if (!target.ok) return target.failure;
  const { table, index, insights } = target.value;
  const isOn = insights?.isEnabled === true;
  call.succeedText(JSON.stringify({
    ...named(table.name, index),
    ...(isOn ? { ContributorInsightsRuleList: rulesOf(target.value, insights) } : {}),
    ContributorInsightsStatus: isOn ? "ENABLED" : "DISABLED",
    ...(insights === undefined ? {} : {
      LastUpdateDateTime: insights.changedMs / 1000, ContributorInsightsMode: insights.mode,
    }),
  }));
  return null;
}

/** Partition keys and, where there are sort keys, both together; accessed and throttled. */
function rulesOf({ table, index }: Target, { mode, enabledMs }: Insights): readonly string[] {
  const indexed = index === null ? undefined : globalIndexesOf(table).find(({ name }) => name === index);
  const hasSortKey = indexed === undefined ? table.rangeKey !== null : indexed.rangeKeys.length > 0;
  const name = index === null ? table.name : `${table.name}-${index}`;
  const keys = hasSortKey ? ["PK", "SK"] : ["PK"];
  const kinds = mode === "THROTTLED_KEYS" ? ["T"] : ["C", "T"];
  return kinds.flatMap((kind) => keys.map((key) => `DynamoDBContributorInsights-${key}${kind}-${name}-${enabledMs}`));
}

// ---- The list: of each table itself and its global indexes, those that are switched on.

type Summary = { readonly TableName: string; readonly IndexName?: string };

function summariesOf(table: TableSchema): readonly Summary[] {
  const all = [
    { index: null, insights: table.insights },
    ...globalIndexesOf(table).map(({ name, insights }) => ({ index: name, insights })),
  ];
  return all.filter(({ insights }) => insights?.isEnabled === true).map(({ index, insights }) => ({
    TableName: table.name, ...(index === null ? {} : { IndexName: index }), ContributorInsightsStatus: "ENABLED",
    ContributorInsightsMode: insights?.mode,
  }));
}

function runList(input: JsonObject, call: Call): Failure | null {
  const limit = (input["MaxResults"] as number | undefined) ?? INSIGHTS_COUNT_MAX;
  if (limit < 1) return validation("MaxResults must be greater than or equal to 1");
  const token = input["NextToken"] as string | undefined;
  const after = token === undefined ? null : lastOf(token);
  if (token !== undefined && after === null) return validation("Invalid NextToken");
  if (input["TableName"] !== undefined) {
    const name = tableNameOf(input);
    const table = call.context.lookupTable(name);
    if (table === null) return tableNotFoundNamed(name);
    answer(passed(summariesOf(table), after), limit, call);
    return null;
  }
  call.planWith((execute) => listAll(execute, [], after?.TableName ?? null, after, limit, call));
  return null;
}

/** Goes through the tables by name, beginning with the one that the last page ended in, until a page is full. */
function listAll(
  execute: Execute, found: readonly Summary[], from: string | null, after: Summary | null, limit: number, call: Call,
): void {
  execute({ kind: "list-tables", after: from, limit: LIST_TABLES_COUNT_MAX }, (outcome) => {
    if (outcome.kind !== "tables") {
      call.fail(failureOf(outcome));
      return;
    }
    const names = after !== null && from === after.TableName ? [from, ...outcome.names] : outcome.names;
    const more = [...found];
    for (const name of names) {
      const table = call.context.lookupTable(name);
      if (table !== null) more.push(...passed(summariesOf(table), after));
    }
    if (more.length > limit || outcome.last === null) answer(more, limit, call);
    else listAll(execute, more, outcome.last, null, limit, call);
  });
}

/** Behind the entry that the last page ended with, when it is among these. */
function passed(summaries: readonly Summary[], after: Summary | null): readonly Summary[] {
  const at = summaries.findIndex((one) => one.TableName === after?.TableName && one.IndexName === after.IndexName);
  return summaries.slice(at + 1);
}

function answer(summaries: readonly Summary[], limit: number, call: Call): void {
  const page = summaries.slice(0, limit);
  const last = page.at(-1);
  call.succeedText(JSON.stringify({
    ContributorInsightsSummaries: page,
    ...(summaries.length > limit && last !== undefined ? { NextToken: tokenOf(last) } : {}),
  }));
}

function tokenOf({ TableName, IndexName }: Summary): string {
  return bytesToBase64(utf8Encode(JSON.stringify([TableName, ...(IndexName === undefined ? [] : [IndexName])])));
}

function lastOf(token: string): Summary | null {
  const text = utf8Decode(base64ToBytes(token) ?? new Uint8Array());
  let parts: unknown;
  try {
    parts = JSON.parse(text ?? "");
  } catch {
    return null;
  }
  if (!Array.isArray(parts) || parts.length < 1 || parts.length > 2) return null;
  const [table, index] = parts as readonly unknown[];
  if (typeof table !== "string" || tableRefOf(table)?.isArn !== false) return null;
  if (index === undefined) return { TableName: table };
  return typeof index === "string" ? { TableName: table, IndexName: index } : null;
}

// The steps of a table's change that set what is only kept and told: its policy and its contributor insights.
import { globalIndexesOf } from "../../model/global-index.ts";
import type { Refusal } from "../../model/operation.ts";
import type { TableSchema } from "../../model/table-schema.ts";
import type { Insights, InsightsChange, PolicyChange, ResourcePolicy } from "../../model/table-settings.ts";
import { streamLabel, streamsOf } from "../../model/table-stream.ts";
import type { Changed, UpdateContext } from "./update-step.ts";

const POLICY_NOT_FOUND = "Resource-based policy not found for the provided ResourceArn: ";
const NO_POLICY = "NO_POLICY";

/** Of the table or of one of its streams. */
export function changePolicy(
  table: TableSchema, wanted: PolicyChange, { nowMs }: Pick<UpdateContext, "nowMs">,
): Changed | Refusal {
  if (wanted.stream === null) {
    const next = changedPolicy(table, table.name, wanted, nowMs);
    return next.kind === "changed" ? changed(next.holder) : next;
  }
  const holder = streamsOf(table).find((one) => streamLabel(one) === wanted.stream);
  if (holder === undefined) {
    return { kind: "policy-not-found", message: `${POLICY_NOT_FOUND}the table has no stream ${wanted.stream}` };
  }
  const next = changedPolicy(holder, table.name, wanted, nowMs);
  if (next.kind !== "changed") return next;
  if (next.holder === holder) return changed(table);
  if (holder === table.stream) return changed({ ...table, stream: next.holder });
  return changed({ ...table, oldStreams: (table.oldStreams ?? []).map((one) => (one === holder ? next.holder : one)) });
}

type Holder = { readonly policy?: ResourcePolicy };

/** The same document again is no change: its revision stays. */
function changedPolicy<H extends Holder>(
  holder: H, name: string, { document, expected }: PolicyChange, nowMs: number,
): { readonly kind: "changed"; readonly holder: H } | Refusal {
  const { policy: current, ...rest } = holder;
  if (expected !== null && expected !== String(current?.revision ?? NO_POLICY)) {
    return { kind: "policy-not-found", message: POLICY_NOT_FOUND + otherRevision(name, current, expected) };
  }
  if (document === null) return { kind: "changed", holder: current === undefined ? holder : rest as H };
  if (current?.document === document) return { kind: "changed", holder };
  const policy: ResourcePolicy = { document, revision: Math.max(nowMs, (current?.revision ?? 0) + 1) };
  return { kind: "changed", holder: { ...holder, policy } };
}

function otherRevision(name: string, policy: ResourcePolicy | undefined, expected: string): string {
  if (policy === undefined) {
    return `Requested update for policy with revision id ${expected}, `
      + `but table ${name} has no associated resource-based policy.`;
  }
  return expected === NO_POLICY
    ? `Requested policy update expecting none to be present for table ${name}, `
      + `but a policy exists with revision id ${policy.revision}.`
    : `Requested update for policy with revision id ${expected}, `
      + `but the policy associated to target table ${name} has revision id ${policy.revision}.`;
}

/** Switching on what is on in the same mode is no change, nor is switching off what is off. */
export function changeInsights(
  table: TableSchema, wanted: InsightsChange, { nowMs }: Pick<UpdateContext, "nowMs">,
): Changed | Refusal {
  if (wanted.index === null) {
    const insights = changedInsights(table.insights, wanted, nowMs);
    return changed(insights === table.insights || insights === undefined ? table : { ...table, insights });
  }
  const index = globalIndexesOf(table).find(({ name }) => name === wanted.index);
  if (index === undefined) return { kind: "index-not-found", name: wanted.index };
  const insights = changedInsights(index.insights, wanted, nowMs);
  if (insights === index.insights || insights === undefined) return changed(table);
  return changed({
    ...table, globalIndexes: globalIndexesOf(table).map((one) => (one === index ? { ...index, insights } : one)),
  });
}

function changedInsights(
  current: Insights | undefined, { isEnabled, mode }: InsightsChange, nowMs: number,
): Insights | undefined {
  if (!isEnabled) return current?.isEnabled === true ? { ...current, isEnabled: false, changedMs: nowMs } : current;
  if (current?.isEnabled === true && current.mode === mode) return current;
  const enabledMs = current?.isEnabled === true ? current.enabledMs : nowMs;
  return { isEnabled: true, mode, changedMs: nowMs, enabledMs };
}

function changed(table: TableSchema): Changed {
  return { kind: "changed", table };
}

// Traces as text: one event per line. What is read is judged: a trace may come from anywhere.
import type { TraceEvent, TraceEventKind } from "../../src/sim/trace/events.ts";

const KINDS: ReadonlySet<string> = new Set<TraceEventKind>([
  "Start", "Stop", "Campaign", "Sync", "Promise", "Accepted", "Adopt", "Lead", "Propose", "Commit", "Deliver",
  "HandOver", "StepDown", "LeaseGain", "LeaseLose",
]);

export function encodeTrace(events: readonly TraceEvent[]): string {
  return events.map((event) => `${JSON.stringify(event)}\n`).join("");
}

/** Throws, with the number of the line, on anything that is no event. */
export function decodeTrace(text: string): readonly TraceEvent[] {
  return text.split("\n").filter((line) => line !== "").map((line, index) => {
    let value: unknown = null;
    try {
      value = JSON.parse(line);
    } catch {
      value = null;
    }
    if (!isEvent(value)) throw new Error(`line ${index + 1} is no event`);
    return value;
  });
}

function isEvent(value: unknown): value is TraceEvent {
  if (typeof value !== "object" || value === null) return false;
  const fields = value as Readonly<Record<string, unknown>>;
  const { event, runs } = fields;
  return typeof event === "string" && KINDS.has(event)
    && ["node", "ballot", "lsn", "other"].every((name) => isCounter(fields[name])) && fields["node"] !== 0
    && Array.isArray(runs) && runs.length % 2 === 0 && runs.every(isCounter);
}

function isCounter(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

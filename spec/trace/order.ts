// Puts a recorded history into the order in which the model can take it.
//
// A campaign is seen when its PREPAREs leave, at once; an answer when it leaves, after its sync. So an answer that a
// replica decided on before it campaigned may be seen after. It belongs before: in the model an answer may be under
// way for any time, and this one did become durable. Likewise entries that a candidate had appended but not answered
// are durable when its own promise is, which stands behind them on the disk: they become a Taken.
import type { TraceEvent } from "../../src/sim/trace/events.ts";

export type OrderedEvent = Omit<TraceEvent, "event"> & { readonly event: TraceEvent["event"] | "Taken" };

export function ordered(events: readonly TraceEvent[]): readonly OrderedEvent[] {
  const before = new Map<number, OrderedEvent[]>();
  const out: number[] = [];
  /** Per node the campaigns of this life, as indices of `events`. */
  const campaigns = new Map<number, number[]>();
  for (const [at, e] of events.entries()) {
    const own = campaigns.get(e.node) ?? [];
    const isAnswer = e.event === "Promise" || e.event === "Accepted";
    const overtaken = isAnswer ? own.find((c) => (events[c] as TraceEvent).ballot > e.ballot) : undefined;
    if (overtaken !== undefined) {
      push(before, overtaken, e);
      continue;
    }
    if (e.event === "Start") {
      for (const c of own) if (endsLike(events[c] as TraceEvent, e)) push(before, c, taken(events[c] as TraceEvent));
      campaigns.delete(e.node);
    } else if (e.event === "Campaign") {
      own.push(at);
      campaigns.set(e.node, own);
    } else if (e.event === "Sync") {
      const durable = own.find((c) => (events[c] as TraceEvent).ballot === e.ballot);
      if (durable !== undefined) push(before, durable, taken(events[durable] as TraceEvent));
    }
    out.push(at);
  }
  return out.flatMap((at) => [...(before.get(at) ?? []), events[at] as TraceEvent]);
}

function taken({ node, lsn, runs }: TraceEvent): OrderedEvent {
  return { event: "Taken", node, ballot: 0, lsn, other: runs[0] ?? 0, runs: [] };
}

/** The log found at a start ends where the campaign's did. */
function endsLike(campaign: TraceEvent, start: TraceEvent): boolean {
  let { lsn } = start;
  for (let i = 1; i < start.runs.length; i += 2) lsn += start.runs[i] as number;
  return campaign.lsn === lsn && campaign.runs[0] === start.runs.at(-2);
}

function push(lists: Map<number, OrderedEvent[]>, at: number, e: OrderedEvent): void {
  const list = lists.get(at);
  if (list === undefined) lists.set(at, [e]);
  else if (e.event !== "Taken" || !list.some(({ event }) => event === "Taken")) list.push(e);
}

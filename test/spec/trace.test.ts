// Histories of the real core, from its simulation, followed through the formal specification: every event must be
// explained. Histories that were tampered with, and those of a core with a seeded mistake, must be refused.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CoreSim } from "../../src/consensus/core-sim.fuzz.ts";
import { NO_FLAWS, type Flaws } from "../../src/consensus/flaws.ts";
import type { TraceEvent } from "../../src/sim/trace/events.ts";
import { follow, type Following } from "../../spec/trace/follow.ts";
import { decodeTrace, encodeTrace } from "../../spec/trace/ndjson.ts";

const CHAOS_MS = 2500;
const HEAL_MS = 2000;
const first = Number(process.env["SPEC_TRACE_FROM"] ?? 1);
const SEED_COUNT = 150;

type Recorded = { readonly seed: number; readonly nodeCount: number; readonly events: readonly TraceEvent[] };

/** Null for a group that replicas may join: the traces do not tell membership. */
function record(seed: number, flaws: Flaws): Recorded | null {
  const sim = new CoreSim(seed, flaws, null);
  const recorder = sim.record();
  if (recorder === null) return null;
  try {
    sim.run(CHAOS_MS, HEAL_MS);
  } catch (error) {
    if (flaws === NO_FLAWS) throw error; // a mistake is found by the simulation too; the trace ends there
  }
  return { seed, nodeCount: recorder.nodeCount, events: recorder.events };
}

function check({ nodeCount, events }: Recorded): Following {
  return follow(decodeTrace(encodeTrace(events)), nodeCount);
}

test("every event of the core is explained by the specification", (t) => {
  const coverage = new Map<string, number>();
  let traces = 0;
  let events = 0;
  let hidden = 0;
  for (let seed = first; seed < first + SEED_COUNT; seed++) {
    const recorded = record(seed, NO_FLAWS);
    if (recorded === null) continue;
    const found = check(recorded);
    assert.equal(found.refusal, null, `seed ${seed}: SPEC_TRACE_FROM=${seed} node --test test/spec/trace.test.ts`);
    traces++;
    events += found.events;
    hidden += found.hidden;
    for (const [action, count] of found.coverage) coverage.set(action, (coverage.get(action) ?? 0) + count);
  }
  t.diagnostic(`${traces} traces, ${events} events, ${hidden} hidden steps; ${JSON.stringify(Object.fromEntries(coverage))}`);
  for (const action of [
    "Campaign", "Promise", "Sync", "Adopt", "Lead", "Propose", "Heartbeat", "Accept", "Commit", "HandOver", "StepDown",
    "Crash",
  ]) assert.ok((coverage.get(action) ?? 0) > 0, `the histories contain ${action}`);
  assert.ok(hidden * 100 < events, "hidden steps are the exception");
});

type Tamper = (events: readonly TraceEvent[]) => readonly TraceEvent[] | null;

function without(kind: string): Tamper {
  return (events) => {
    const at = events.findIndex(({ event }) => event === kind);
    return at < 0 ? null : events.toSpliced(at, 1);
  };
}

function changed(kind: string, change: (e: TraceEvent) => TraceEvent): Tamper {
  return (events) => {
    const at = events.findIndex((e) => e.event === kind && e.lsn > 0);
    return at < 0 ? null : events.with(at, change(events[at] as TraceEvent));
  };
}

/** The first event of this kind moves to before the nearest one of the other kind. */
function moved(kind: string, before: string): Tamper {
  return (events) => {
    const at = events.findIndex(({ event }) => event === kind);
    const to = events.slice(0, Math.max(at, 0)).findLastIndex(({ event }) => event === before);
    if (at < 0 || to < 0) return null;
    return events.toSpliced(at, 1).toSpliced(to, 0, events[at] as TraceEvent);
  };
}

const TAMPERS: Readonly<Record<string, Tamper>> = {
  "a campaign is missing": without("Campaign"),
  "a start of leadership is missing": without("Lead"),
  "a proposal is missing": without("Propose"),
  "a step down is missing": (events) => {
    // Of a replica that campaigns again: a leader does not.
    const at = events.findIndex((e, i) => e.event === "StepDown" && e.lsn > 0
      && events.slice(i + 1).find(({ node, event }) => node === e.node && /^(Campaign|Promise|Start|Accepted)$/.test(event))?.event === "Campaign");
    return at < 0 ? null : events.toSpliced(at, 1);
  },
  "a commit goes beyond the log": changed("Commit", (e) => ({ ...e, lsn: e.lsn + 1000 })),
  "an acceptance of what was never sent": changed("Accepted", (e) => ({ ...e, lsn: e.lsn + 1000 })),
  "another entry is handed out": changed("Deliver", (e) => ({ ...e, other: e.ballot === e.other ? 0 : e.other - 1 })),
  "another entry is adopted": changed("Adopt", (e) => ({ ...e, other: e.other - 1 })),
  "a promise of a shorter log": (events) => {
    const at = events.findIndex((e) => e.event === "Promise" && e.lsn > 1);
    return at < 0 ? null : events.with(at, { ...(events[at] as TraceEvent), lsn: 1 });
  },
  "a restart forgets its promise": (events) => {
    const at = events.findIndex((e) => e.event === "Start" && e.ballot > 0);
    return at < 0 ? null : events.with(at, { ...(events[at] as TraceEvent), ballot: 0 });
  },
  "a restart forgets an entry": (events) => {
    const at = events.findIndex((e) => e.event === "Start" && (e.runs.at(-1) ?? 0) > 1);
    if (at < 0) return null;
    const e = events[at] as TraceEvent;
    return events.with(at, { ...e, runs: e.runs.with(-1, (e.runs.at(-1) ?? 0) - 1) });
  },
  "leadership before its promises": moved("Lead", "Campaign"),
  "a commit before its acceptances": moved("Commit", "Lead"),
  "two leases": (events) => {
    const at = events.findIndex(({ event }) => event === "LeaseGain");
    if (at < 0) return null;
    const { node } = events[at] as TraceEvent;
    return events.toSpliced(at + 1, 0, { ...(events[at] as TraceEvent), node: node === 1 ? 2 : 1 });
  },
  "a hand-over without the lease": (events) => {
    const at = events.findIndex(({ event }) => event === "HandOver");
    const end = events.findIndex((e, i) => i > at - 3 && e.event === "LeaseLose");
    return at < 0 || end < 0 ? null : events.toSpliced(end, 1);
  },
};

for (const [name, tamper] of Object.entries(TAMPERS)) {
  test(`refused: ${name}`, (t) => {
    for (let seed = 1; seed <= SEED_COUNT; seed++) {
      const recorded = record(seed, NO_FLAWS);
      const events = recorded === null ? null : tamper(recorded.events);
      if (recorded === null || events === null) continue;
      const found = check({ ...recorded, events });
      assert.notEqual(found.refusal, null, `seed ${seed}: the trace was tampered with`);
      t.diagnostic(`seed ${seed}: ${found.refusal ?? ""}`);
      return;
    }
    assert.fail("no history to tamper with");
  });
}

/** Mistakes that a group of fixed members shows. */
const FLAWS: readonly (keyof Flaws)[] = [
  "forgetsPromiseAtRestart", "countsOldBallots", "acceptsBeforeDurable", "skipsAgreementCheck", "leasesFromAnswer",
  "keepsOwnLog", "servesAtOnce", "keepsLeaseAfterHandOver",
];

for (const flaw of FLAWS) {
  test(`refused: a core that ${flaw}`, (t) => {
    for (let seed = 1; seed <= SEED_COUNT; seed++) {
      const recorded = record(seed, { ...NO_FLAWS, [flaw]: true });
      const refusal = recorded === null ? null : check(recorded).refusal;
      if (refusal === null) continue;
      t.diagnostic(`seed ${seed}: ${refusal}`);
      return;
    }
    assert.fail(`${flaw} was followed without a refusal`);
  });
}

test("what is no trace is refused with its line", () => {
  const good: TraceEvent = { event: "Stop", node: 1, ballot: 0, lsn: 0, other: 0, runs: [] };
  assert.deepEqual(decodeTrace(encodeTrace([good, good])), [good, good]);
  for (const bad of ["{", "null", "{\"event\":\"Stop\"}", JSON.stringify({ ...good, event: "Fly" }),
    JSON.stringify({ ...good, node: 0 }), JSON.stringify({ ...good, lsn: -1 }), JSON.stringify({ ...good, runs: [1] })]) {
    assert.throws(() => decodeTrace(`${JSON.stringify(good)}\n${bad}\n`), /line 2 is no event/);
  }
});

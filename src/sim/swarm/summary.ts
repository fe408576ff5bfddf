// Adds up the reports of many seeds, and says in words what they came to.
import { BUGGIFY_POINTS, PRODUCTION_PROBES } from "../../base/buggify.ts";
import { PROBES } from "./probes.ts";
import type { SeedReport } from "./run.ts";

export class Summary {
  seeds = 0;
  virtualMs = 0;
  events = 0;
  powerOffs = 0;
  /** Seeds whose two runs differed. */
  readonly unequal: number[] = [];
  readonly failed: SeedReport[] = [];
  readonly #faults: Map<string, number> = new Map();
  /** Probes of the simulator and of the production code that some run hit. */
  readonly #probes: Set<string> = new Set();
  readonly #taken: Set<string> = new Set();
  #known = 0;
  #conditionFailed = 0;
  #unknown = 0;
  #items = 0;
  #calls = 0;
  #undecided = 0;
  #acknowledged = 0;
  #replicas = 0;
  #applied = 0;

  add(report: SeedReport): void {
    const { result } = report;
    this.seeds++;
    this.virtualMs += result.virtualMs;
    this.events += result.events;
    this.powerOffs += result.powerOffs;
    for (const [name, count] of result.faults) this.#faults.set(name, (this.#faults.get(name) ?? 0) + count);
    for (const name of result.probes.hits.keys()) this.#probes.add(name);
    for (const name of report.mischief.probes) this.#probes.add(name);
    for (const point of report.mischief.taken) this.#taken.add(point);
    this.#known += result.calls.known;
    this.#conditionFailed += result.calls.failed;
    this.#unknown += result.calls.unknown;
    this.#items += result.checks.items;
    this.#calls += result.checks.calls;
    this.#undecided += result.checks.undecided;
    this.#acknowledged += result.checks.acknowledged;
    this.#replicas += result.checks.replicas;
    this.#applied += result.appliedEntries;
    if (report.violations.length > 0) this.failed.push(report);
  }

  #repetition(runsPerSeed: number): string {
    if (this.unequal.length > 0) return `DIFFER for ${this.unequal.join(", ")}`;
    return runsPerSeed === 2 ? "repeat exactly" : "not compared";
  }

  get isGood(): boolean {
    return this.failed.length === 0 && this.unequal.length === 0;
  }

  /** `realMs`: what all this took, second runs included. */
  lines(realMs: number, runsPerSeed: number): string[] {
    const faults = [...this.#faults].sort((a, b) => (a[0] < b[0] ? -1 : 1)).map(([name, n]) => `${name} ${n}`);
    const never = [...PROBES, ...PRODUCTION_PROBES].filter((name) => !this.#probes.has(name));
    const untaken = BUGGIFY_POINTS.filter((point) => !this.#taken.has(point));
    const simulated = (this.virtualMs / 1000) * runsPerSeed;
    return [
      `seeds            ${this.seeds}, each run ${runsPerSeed === 2 ? "twice" : "once"}`,
      `time             ${fixed(simulated)} s simulated in ${fixed(realMs / 1000)} s: `
        + `${fixed(simulated / (realMs / 1000))} times as fast as real time`,
      `events           ${this.events} per pass`,
      `power-offs       ${this.powerOffs} of single machines, in any combination`,
      `faults           ${faults.join(", ")}`,
      `calls            ${this.#known} answered, ${this.#conditionFailed} conditions failed, `
        + `${this.#unknown} of unknown fate`,
      `linearizable     ${this.#items} items with ${this.#calls} calls`
        + (this.#undecided > 0 ? `, ${this.#undecided} undecided` : ""),
      `acknowledged     ${this.#acknowledged} items looked for on every replica`,
      `replicas         ${this.#replicas} compared; ${this.#applied} applied entries compared`,
      `buggify          ${this.#taken.size} points taken`
        + (untaken.length === 0 ? "" : `; never: ${untaken.join("; ")}`),
      `never reached    ${never.length === 0 ? "nothing" : never.join("; ")}`,
      `histories        ${this.#repetition(runsPerSeed)}`,
      `violations       ${this.failed.length === 0 ? "none" : `${this.failed.length} seeds`}`,
    ];
  }
}

function fixed(value: number): string {
  return value.toFixed(1);
}

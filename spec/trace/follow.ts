// Follows a recorded history through the next-state relation of the model. Every event must be a step that the model
// allows in the state reached so far, or a step already taken (an answer repeated); what the recorder cannot see (a
// record that reached the disk without an answer, a count made just before stepping down) is explained by hidden steps,
// a bounded number for each event. After each event all invariants must hold, and whoever believes in a lease in the
// history must hold it in the model.
import type { TraceEvent } from "../../src/sim/trace/events.ts";
import { ordered, type OrderedEvent } from "./order.ts";
import type { Bound } from "../model/bound.ts";
import { adopt, adoptable, campaign, lead, promise, sync, syncable } from "../model/elections.ts";
import { STORAGE, withKind } from "../model/configuration.ts";
import { violated } from "../model/invariants.ts";
import { hasLease } from "../model/lease.ts";
import { VALUE } from "../model/log-table.ts";
import {
  COMMIT, D_LOG, D_PROMISED, DONE, LEADER, LOG_ID, Model, OWNER, PROMISED, ROLE, STREAM, type State,
} from "../model/model.ts";
import { accept, commit, crash, handOver, heartbeat, propose, stepDown } from "../model/replication.ts";

export type Following = {
  /** Null when every event was explained. */
  readonly refusal: string | null;
  /** Events followed. */
  readonly events: number;
  /** Steps of the model taken, hidden ones included, by action. */
  readonly coverage: ReadonlyMap<string, number>;
  readonly hidden: number;
};

class Refusal extends Error {
  override readonly name: string = "Refusal";
}

const NO_LIMIT = Number.MAX_SAFE_INTEGER;

export function follow(recorded: readonly TraceEvent[], nodeCount: number): Following {
  const events = ordered(recorded);
  const follower = new Follower(events, nodeCount);
  let at = 0;
  try {
    for (; at < events.length; at++) follower.take(events[at] as OrderedEvent);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const refusal = `event ${at + 1}, ${JSON.stringify(events[at])}: ${error.message}`;
    return { refusal, events: at, coverage: follower.coverage, hidden: follower.hidden };
  }
  return { refusal: null, events: at, coverage: follower.coverage, hidden: follower.hidden };
}

class Follower {
  readonly coverage: Map<string, number> = new Map();
  hidden = 0;
  readonly #m: Model;
  #s: State;
  /** The model's number of each ballot that occurs: only their order matters. */
  readonly #ballots: Map<number, number> = new Map();
  readonly #live: Set<number> = new Set();
  readonly #started: Set<number> = new Set();

  constructor(events: readonly OrderedEvent[], nodeCount: number) {
    const ballots = new Set<number>();
    for (const { event, ballot, other, runs } of events) {
      ballots.add(ballot);
      if (event !== "HandOver") ballots.add(other);
      for (let i = 0; i < runs.length; i += 2) ballots.add(runs[i] as number);
    }
    ballots.delete(0);
    for (const ballot of [...ballots].sort((a, b) => a - b)) this.#ballots.set(ballot, this.#ballots.size + 1);
    let firstConfig = 0;
    for (let n = 0; n < nodeCount; n++) firstConfig = withKind(firstConfig, n, STORAGE);
    const bound: Bound = {
      name: "trace", nodeCount, firstConfig, maxBallot: this.#ballots.size, maxLog: NO_LIMIT, maxCrashes: NO_LIMIT,
      maxChanges: 0, changes: new Set(), handOvers: true, splits: true, floors: false, mutant: "none",
    };
    this.#m = new Model(bound);
    this.#s = this.#m.initial();
  }

  take(e: OrderedEvent): void {
    const n = e.node - 1;
    if (!this.#started.has(n) && e.event !== "Start") throw new Refusal("the replica is not there");
    this.#explain(e, n, this.#ballot(e.ballot));
    const bad = violated(this.#m, this.#s, []);
    if (bad !== null) throw new Refusal(`${bad} does not hold any more`);
    for (const holder of this.#live) {
      if (!hasLease(this.#m, this.#s, holder)) throw new Refusal(`replica ${holder + 1} has no lease in the model`);
    }
  }

  #explain(e: OrderedEvent, n: number, b: number): void {
    const m = this.#m;
    const s = this.#s;
    switch (e.event) {
      case "Start": return this.#start(e, n, b);
      case "Stop":
        this.#started.delete(n);
        this.#live.delete(n);
        return;
      case "Taken": return this.#taken(e, n);
      case "Campaign": return this.#step("Campaign", campaign(m, s, n, b, this.#ballot(e.other)));
      case "Sync": return this.#sync(e, n, b);
      case "Promise": return this.#promise(e, n, b);
      case "Accepted": return this.#accepted(n, b, e.lsn);
      case "Adopt": return this.#adopt(n, b, e.lsn, this.#ballot(e.other));
      case "Lead": return this.#lead(e, n, b);
      case "Propose":
        if (this.#get(n, PROMISED) !== b) throw new Refusal("of another ballot");
        if (m.logs.get(this.#get(n, LOG_ID)).length !== e.lsn - 1) throw new Refusal("at another LSN");
        return this.#step("Propose", propose(m, s, n, VALUE));
      case "Commit":
        if (this.#get(n, PROMISED) !== b) throw new Refusal("of another ballot");
        return this.#step("Commit", commit(m, s, n, e.lsn));
      case "Deliver": return this.#deliver(e.lsn, this.#ballot(e.other));
      case "HandOver":
        if (this.#get(n, PROMISED) !== b) throw new Refusal("of another ballot");
        return this.#step("HandOver", handOver(m, s, n, e.other - 1));
      case "StepDown":
        this.#commitUpTo(n, e.lsn);
        return this.#step("StepDown", stepDown(m, this.#s, n));
      case "LeaseGain":
        this.#live.add(n);
        return;
      case "LeaseLose":
        if (!this.#live.delete(n)) throw new Refusal("there was no lease");
    }
  }

  #ballot(ballot: number): number {
    return ballot === 0 ? 0 : this.#ballots.get(ballot) as number;
  }

  #get(n: number, field: number): number {
    return this.#s[this.#m.node(n) + field] as number;
  }

  #step(action: string, next: State | null): void {
    if (next === null) throw new Refusal(`${action} is not allowed`);
    this.#s = next;
    this.coverage.set(action, (this.coverage.get(action) ?? 0) + 1);
  }

  #hide(action: string, next: State | null): void {
    this.#step(action, next);
    this.hidden++;
  }

  /** The disk of n holds a prefix of what n appended; a follower's is what it answered. */
  #sync(e: OrderedEvent, n: number, b: number): void {
    const m = this.#m;
    if (this.#get(n, PROMISED) !== b) return; // a later promise is already known, or not answered yet
    const last = this.#ballot(e.other);
    let best = -1;
    for (const log of syncable(m, this.#s, n)) {
      const { length, lastBallot } = m.logs.get(log);
      if (length > e.lsn || (length === e.lsn && last !== 0 && lastBallot !== last)) continue;
      if (best < 0 || length > m.logs.get(best).length) best = log;
    }
    if (best >= 0) this.#step("Sync", sync(m, this.#s, n, best));
  }

  #promise(e: OrderedEvent, n: number, b: number): void {
    if (this.#get(n, PROMISED) === b && this.#get(n, D_PROMISED) === b) return; // answered again
    this.#reach(n, e.lsn, this.#ballot(e.other), b - 1);
    const { length, lastBallot } = this.#m.logs.get(this.#get(n, LOG_ID));
    // A log that was released to its end does not know its last ballot: it tells 0.
    if (e.lsn !== length || (e.other !== 0 && this.#ballot(e.other) !== lastBallot)) {
      throw new Refusal(`the log ends at ${length}, ballot ${lastBallot}`);
    }
    if (this.#s[this.#m.ballot(b) + STREAM] === 0) this.#step("Promise", promise(this.#m, this.#s, n, b));
    else this.#step("Heartbeat", heartbeat(this.#m, this.#s, n, b));
  }

  /** What n had appended when it campaigned reached its disk. */
  #taken(e: OrderedEvent, n: number): void {
    this.#reach(n, e.lsn, this.#ballot(e.other), this.#m.bound.maxBallot);
    const own = this.#get(n, LOG_ID);
    if (own === this.#get(n, D_LOG)) return; // nothing is known of a promise that stands behind it
    if (syncable(this.#m, this.#s, n).includes(own)) this.#hide("Sync", sync(this.#m, this.#s, n, own));
  }

  /** Hidden steps: entries up to `lsn`, of ballot `last`, that n appended and never answered. */
  #reach(n: number, lsn: number, last: number, maxBallot: number): void {
    const m = this.#m;
    if (lsn === 0) return;
    for (let b = this.#get(n, PROMISED); b <= maxBallot; b++) {
      const { length, lastBallot } = m.logs.get(this.#get(n, LOG_ID));
      if (length === lsn && lastBallot === last) return;
      const stream = b === 0 ? 0 : this.#s[m.ballot(b) + STREAM] as number;
      if (last === 0 || m.logs.get(stream).length < lsn || m.logs.ballotAt(stream, lsn) !== last) continue;
      this.#acceptHidden(n, b, m.logs.prefix(stream, lsn));
    }
  }

  #accepted(n: number, b: number, lsn: number): void {
    const m = this.#m;
    const stream = this.#s[m.ballot(b) + STREAM] as number;
    if (stream === 0) throw new Refusal("nobody led that ballot");
    if (lsn > m.logs.get(stream).length) throw new Refusal("its leader proposed no such entry");
    if (lsn === 0) return this.#step("Heartbeat", heartbeat(m, this.#s, n, b));
    const common = m.logs.common(this.#get(n, LOG_ID), stream);
    for (let i = common < lsn ? common + 1 : lsn; i <= lsn; i++) {
      this.#step("Accept", accept(m, this.#s, n, b, i));
    }
  }

  /** Quorums may differ in their best log, and what came in may belong to several of these: one that has more. */
  #adopt(n: number, b: number, lsn: number, entryBallot: number): void {
    const m = this.#m;
    if (this.#get(n, PROMISED) !== b) throw new Refusal("of another ballot");
    let isLast = false;
    for (const log of adoptable(m, this.#s, n)) {
      const { length } = m.logs.get(log);
      if (lsn > length || lsn <= m.logs.common(this.#get(n, LOG_ID), log)) continue;
      if (m.logs.ballotAt(log, lsn) !== entryBallot) continue;
      if (lsn < length) return this.#step("Adopt", adopt(m, this.#s, n, log, lsn));
      isLast = true;
    }
    // The last piece is part of Lead in the model.
    if (!isLast) throw new Refusal("no log of its quorum has that");
  }

  #lead(e: OrderedEvent, n: number, b: number): void {
    if (this.#get(n, PROMISED) !== b) throw new Refusal("of another ballot");
    for (const log of adoptable(this.#m, this.#s, n)) {
      const { length, lastBallot } = this.#m.logs.get(log);
      if (length !== e.lsn - 1 || (e.other !== 0 && lastBallot !== this.#ballot(e.other))) continue;
      return this.#step("Lead", lead(this.#m, this.#s, n, log));
    }
    throw new Refusal("no log of its quorum ends there");
  }

  #deliver(lsn: number, b: number): void {
    const m = this.#m;
    for (let n = 0; n < m.nodeCount && lsn > m.logs.get(this.#s[m.hist + DONE] as number).length; n++) {
      this.#commitUpTo(n, lsn);
    }
    const done = m.logs.get(this.#s[m.hist + DONE] as number);
    if (lsn > done.length) throw new Refusal(`committed is only up to ${done.length}`);
    if (m.logs.ballotAt(done.id, lsn) !== b) throw new Refusal("another entry is committed there");
  }

  /** What leader n could count: it may have done so unseen. */
  #commitUpTo(n: number, upTo: number): void {
    if (this.#get(n, ROLE) !== LEADER) return;
    for (let lsn = upTo; lsn > this.#get(n, COMMIT); lsn--) {
      const next = commit(this.#m, this.#s, n, lsn);
      if (next !== null) return this.#hide("Commit", next);
    }
  }

  #start(e: OrderedEvent, n: number, b: number): void {
    const m = this.#m;
    if (this.#started.has(n)) throw new Refusal("it runs already");
    this.#started.add(n);
    const log = this.#recovered(e, n);
    if (this.#get(n, PROMISED) > b) this.#hide("Crash", crash(m, this.#s, n)); // of a campaign nothing reached the disk
    if (this.#get(n, D_PROMISED) !== b || this.#get(n, D_LOG) !== log) this.#reachDisk(n, b, log);
    if (this.#get(n, D_PROMISED) !== b) throw new Refusal(`the disk holds promise ${this.#get(n, D_PROMISED)}`);
    if (this.#get(n, D_LOG) !== log) throw new Refusal("the disk holds another log");
    this.#step("Crash", crash(m, this.#s, n));
  }

  /** The log that the event tells: what is known committed, and above it entries of the ballots' leaders. */
  #recovered(e: OrderedEvent, n: number): number {
    const m = this.#m;
    const own = this.#get(n, D_LOG);
    const done = this.#s[m.hist + DONE] as number;
    let log = m.logs.prefix(m.logs.get(done).length >= e.lsn ? done : own, e.lsn);
    if (m.logs.get(log).length !== e.lsn) throw new Refusal("it applied what was never committed");
    for (let i = 0; i < e.runs.length; i += 2) {
      const ballot = this.#ballot(e.runs[i] as number);
      const stream = m.logs.get(this.#s[m.ballot(ballot) + STREAM] as number);
      for (let left = e.runs[i + 1] as number; left > 0; left--) {
        const lsn = m.logs.get(log).length + 1;
        if (lsn > stream.length || m.logs.ballotAt(stream.id, lsn) !== ballot) {
          throw new Refusal(`nobody proposed LSN ${lsn} in ballot ${ballot}`);
        }
        log = m.logs.append(log, m.logs.entry(stream.id, lsn));
      }
    }
    return log;
  }

  /** Hidden steps: what reached the disk before the replica stopped, though no answer left. */
  #reachDisk(n: number, b: number, log: number): void {
    const m = this.#m;
    const syncTo = (wanted: number): void => {
      if (syncable(m, this.#s, n).includes(wanted)) this.#hide("Sync", sync(m, this.#s, n, wanted));
    };
    if (this.#get(n, PROMISED) <= b) syncTo(log);
    for (let ballot = this.#get(n, PROMISED); ballot <= b && this.#get(n, D_LOG) !== log; ballot++) {
      if (ballot > 0) this.#acceptHidden(n, ballot, log);
    }
    if (this.#get(n, PROMISED) === b && this.#get(n, D_PROMISED) !== b) syncTo(this.#get(n, D_LOG));
    if (this.#get(n, PROMISED) >= b) return;
    if (this.#s[m.ballot(b) + OWNER] === n + 1) { // of two campaigns the first is on the disk
      this.#hide("Campaign", campaign(m, this.#s, n, b, 0));
      syncTo(this.#get(n, D_LOG));
    } else if (this.#s[m.ballot(b) + STREAM] === 0) this.#hide("Promise", promise(m, this.#s, n, b));
    else this.#hide("Heartbeat", heartbeat(m, this.#s, n, b));
  }

  /** n took what it has of `log` from the leader of the ballot. */
  #acceptHidden(n: number, ballot: number, log: number): void {
    const m = this.#m;
    const stream = this.#s[m.ballot(ballot) + STREAM] as number;
    if (stream === 0) return;
    const upTo = m.logs.common(stream, log);
    for (let lsn = m.logs.common(this.#get(n, LOG_ID), stream) + 1; lsn <= upTo; lsn++) {
      const next = accept(m, this.#s, n, ballot, lsn);
      if (next === null) return;
      this.#hide("Accept", next);
    }
  }
}

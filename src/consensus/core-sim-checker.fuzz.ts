// What the simulation of the core checks, independent of how the core works. Each method is told a fact and
// throws when it contradicts what was seen before.
import type { Ballot, Lsn, NodeId } from "../base/ids.ts";
import type { LogEntry } from "../wire/log-record.ts";

export class Violation extends Error {
  override readonly name: string = "Violation";
}

export class CoreChecker {
  /** The one committed sequence; slot i holds LSN i + 1. */
  readonly committed: LogEntry[] = [];
  /** Highest LSN whose proposer told its client "done". */
  acknowledged = 0;
  #leaders: Map<Ballot, string> = new Map();
  #acknowledgedIn: Map<Ballot, Lsn> = new Map();
  #payloads: Map<string, Uint8Array> = new Map();

  /** At most one value per LSN, ever; replicas deliver in order without holes. */
  delivered(node: NodeId, before: number, entries: readonly LogEntry[]): void {
    let expected = before + 1;
    for (const entry of entries) {
      if (entry.lsn !== expected) throw new Violation(`node ${node} delivered ${entry.lsn}, expected ${expected}`);
      expected++;
      const known = this.committed[entry.lsn - 1];
      if (known === undefined) {
        if (this.committed.length !== entry.lsn - 1) throw new Violation(`hole before committed ${entry.lsn}`);
        this.committed.push(entry);
      } else if (known.ballot !== entry.ballot || known.payload !== entry.payload || known.kind !== entry.kind) {
        throw new Violation(`two values at ${entry.lsn}: ballots ${known.ballot} and ${entry.ballot} (node ${node})`);
      }
    }
  }

  /** An entry is identified by (LSN, ballot): nobody proposes two there. */
  appended(entry: LogEntry): void {
    const key = `${entry.lsn}:${entry.ballot}`;
    const known = this.#payloads.get(key);
    if (known === undefined) this.#payloads.set(key, entry.payload);
    else if (known !== entry.payload) throw new Violation(`two entries proposed at ${key}`);
  }

  acknowledge(entry: LogEntry): void {
    if (entry.lsn > this.acknowledged) this.acknowledged = entry.lsn;
    this.#acknowledgedIn.set(entry.ballot, entry.lsn);
  }

  /** One leader per ballot: one node in one life. Its log holds everything acknowledged in lower ballots. */
  leads(node: NodeId, life: number, ballot: Ballot, lastLsn: Lsn): void {
    const who = `node ${node} life ${life}`;
    const known = this.#leaders.get(ballot);
    if (known !== undefined && known !== who) throw new Violation(`ballot ${ballot} led by ${known} and ${who}`);
    this.#leaders.set(ballot, who);
    if (known !== undefined) return;
    for (const [older, acknowledged] of this.#acknowledgedIn) {
      if (older < ballot && acknowledged >= lastLsn) {
        throw new Violation(`${who} leads ${ballot} with a log to ${lastLsn}; ${older} acknowledged ${acknowledged}`);
      }
    }
  }

  /** At any instant at most one holder of a live lease, and it has applied everything acknowledged anywhere. */
  leases(holders: readonly { readonly node: NodeId; readonly delivered: number }[]): void {
    if (holders.length > 1) {
      throw new Violation(`live leases at ${holders.map((h) => `node ${h.node}`).join(" and ")}`);
    }
    const holder = holders[0];
    if (holder !== undefined && holder.delivered < this.acknowledged) {
      throw new Violation(`stale read possible: node ${holder.node} at ${holder.delivered} of ${this.acknowledged}`);
    }
  }
}

// A state of the model is a list of small numbers, in this order; the names are those of ReplicationGroup.tla.
//
//   per node     dPromised dLog promised log role bound since base commit floor · match[nodes] · rounds[eras]
//   per ballot   owner rel to stream handed · promises[nodes]
//   hist         done doneIn era crashes
//
// Logs are numbers of a LogTable, sets of nodes are masks, nodes in fields are counted from 1 (0: none). `bound` is
// UNKNOWN for "just started", `base` one more than the LSN (0: absent), a promise one more than its log (0: none).
// rounds[e] are the nodes that answered a round in era e; doneIn is a log of which only the ballots count.
import type { Bound } from "./bound.ts";
import { LogTable } from "./log-table.ts";

export type State = number[];

export const D_PROMISED = 0;
export const D_LOG = 1;
export const PROMISED = 2;
export const LOG_ID = 3;
export const ROLE = 4;
export const BOUND = 5;
export const SINCE = 6;
export const BASE = 7;
export const COMMIT = 8;
export const FLOOR = 9;
export const MATCH = 10;

export const FOLLOWER = 0;
export const CANDIDATE = 1;
export const LEADER = 2;
export const UNKNOWN = 65535;

export const OWNER = 0;
export const REL = 1;
export const TO = 2;
export const STREAM = 3;
export const HANDED = 4;
export const PROMISES = 5;

export const DONE = 0;
export const DONE_IN = 1;
export const ERA = 2;
export const CRASHES = 3;
const HIST_SIZE = 4;

export class Model {
  readonly bound: Bound;
  readonly logs: LogTable;
  readonly nodeCount: number;
  readonly eraCount: number;
  readonly rounds: number;
  readonly #nodeSize: number;
  readonly #ballotsAt: number;
  readonly #ballotSize: number;
  readonly #histAt: number;

  constructor(bound: Bound) {
    this.bound = bound;
    this.logs = new LogTable(bound.firstConfig);
    this.nodeCount = bound.nodeCount;
    this.eraCount = bound.maxChanges + 1;
    this.rounds = MATCH + bound.nodeCount;
    this.#nodeSize = this.rounds + this.eraCount;
    this.#ballotsAt = bound.nodeCount * this.#nodeSize;
    this.#ballotSize = PROMISES + bound.nodeCount;
    this.#histAt = this.#ballotsAt + bound.maxBallot * this.#ballotSize;
  }

  /** Where the fields of node n (from 0) begin. */
  node(n: number): number {
    return n * this.#nodeSize;
  }

  /** Where the fields of ballot b (from 1) begin. */
  ballot(b: number): number {
    return this.#ballotsAt + (b - 1) * this.#ballotSize;
  }

  get hist(): number {
    return this.#histAt;
  }

  isMutant(name: string): boolean {
    return this.bound.mutant === name;
  }

  initial(): State {
    const s = new Array<number>(this.#histAt + HIST_SIZE).fill(0);
    for (let n = 0; n < this.nodeCount; n++) {
      const isFirst = ((this.bound.firstConfig >> (2 * n)) & 3) !== 0;
      s[this.node(n) + BOUND] = isFirst || this.isMutant("SkipsJoinWait") ? 0 : UNKNOWN;
      s[this.node(n) + BASE] = isFirst ? 1 : 0;
    }
    return s;
  }

  /** Node n (from 0) follows and forgets what only a leader or candidate knows. */
  follow(s: State, n: number): void {
    const at = this.node(n);
    s[at + ROLE] = FOLLOWER;
    s[at + COMMIT] = 0;
    s[at + FLOOR] = 0;
    for (let i = MATCH; i < this.rounds + this.eraCount; i++) s[at + i] = 0;
  }

  /** Drops the promises that node o, as it is now, cannot count any more. */
  dropUnwanted(s: State, o: number): void {
    const at = this.node(o);
    for (let b = 1; b <= this.bound.maxBallot; b++) {
      const ballot = this.ballot(b);
      if (s[ballot + OWNER] !== o + 1 || b > (s[at + D_PROMISED] as number)) continue;
      if (s[at + ROLE] === CANDIDATE && s[at + PROMISED] === b) continue;
      for (let p = 0; p < this.nodeCount; p++) s[ballot + PROMISES + p] = 0;
    }
  }

  /** How far the log of node n is on its disk. */
  durable(s: State, n: number): number {
    const at = this.node(n);
    return this.logs.common(s[at + D_LOG] as number, s[at + LOG_ID] as number);
  }

  /** How much of its log leader n knows to be durable at p. */
  has(s: State, n: number, p: number): number {
    return n === p ? this.durable(s, n) : s[this.node(n) + MATCH + p] as number;
  }
}

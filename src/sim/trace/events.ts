// What a replica was seen to do, in the words of the formal specification. One event is one line of JSON in a trace.
//
//   Start      began its life; what its disk held: promise, and the log above `from` as runs of equal ballots
//   Stop       ended its life
//   Campaign   appended the promise of its own ballot, with its log up to lsn; the run is that entry's ballot
//   Sync       its disk now holds this promise, and its log up to (lsn, of ballot last)
//   Promise    its answer to a PREPARE left; lsn and last: where its log ends
//   Accepted   its answer to the leader of the ballot left: it agrees up to lsn, durably
//   Adopt      as a candidate, has the best log up to lsn
//   Lead       leads the ballot with a no-op at lsn
//   Propose    as a leader, appended a value at lsn
//   Commit     as a leader, counted a quorum up to lsn
//   Deliver    handed the entry at lsn out as committed
//   HandOver   gave its lease up and told `to`
//   StepDown   leads or campaigns no more; lsn: its commit
//   LeaseGain, LeaseLose   begins and ends to believe in its lease

export type TraceEvent = {
  readonly event: TraceEventKind;
  readonly node: number;
  readonly ballot: number;
  readonly lsn: number;
  /**
   * Ballot of the entry at `lsn`, 0 when not known; Lead: of the entry before; Campaign: the released ballot; HandOver:
   * the target; else 0.
   */
  readonly other: number;
  /** Start: runs of equal ballots in the log above `lsn`, as ballot and length in turn; Campaign: see above. */
  readonly runs: readonly number[];
};

export type TraceEventKind =
  | "Start" | "Stop" | "Campaign" | "Sync" | "Promise" | "Accepted" | "Adopt" | "Lead" | "Propose" | "Commit"
  | "Deliver" | "HandOver" | "StepDown" | "LeaseGain" | "LeaseLose";

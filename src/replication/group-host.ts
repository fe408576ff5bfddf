// One replica of one group on this node: the consensus core, the leader's session while it leads, and the
// acknowledgements that wait for the node's log. State only; the turn that drives it is node-replicator.
import { assert, must } from "../base/assert.ts";
import { ballotFrom, lsn, type Ballot, type GroupId, type Lsn, type NodeId } from "../base/ids.ts";
import type { Group } from "../consensus/group.ts";
import type { Leadership, RecoveredGroup } from "../consensus/ready.ts";
import { replicaOf, STORAGE, type Configuration, type Replica } from "../wire/group-configuration.ts";
import { SPLIT } from "../wire/log-record.ts";
import type { PaxosMessage } from "../wire/paxos-messages.ts";
import { decodeSplitPayload, type SplitPayload } from "../wire/split-payload.ts";
import { LeaderSession } from "./leader-session.ts";

/** What a replica is opened with. */
export type ReplicaSpec = {
  readonly group: GroupId;
  /** The configuration that a new group begins with; null: the leader of a group that exists will tell. */
  readonly initial: Configuration | null;
  readonly recovered: RecoveredGroup;
  readonly tree: TreeState;
};

/**
 * What this node's tree has of the group. live: its rows as of `recovered.applied`; whole: and durably so, or a
 * restart would replay them from the log.
 */
export type TreeState = "none" | "live" | "whole";

/** What must be told to the core, and sent, once the log is durable up to the append sequence `seq`. */
export type Unsynced = { readonly seq: number; readonly token: number; readonly messages: readonly PaxosMessage[] };

/** The group was split by the entry at `lsn`: it is closed for good. */
export type AppliedSplit = { readonly lsn: Lsn; readonly payload: SplitPayload };

export class GroupHost {
  readonly group: GroupId;
  readonly self: NodeId;
  readonly core: Group;
  /** In force at this replica, committed or not. */
  configuration: Configuration;
  /** Committed entries go to this node's tree, which holds the group's rows. */
  isTreeLive: boolean;
  /** That tree is whole and durable: it may serve reads, and this replica may lead. */
  hasTree: boolean;
  /** Non-null while this replica leads and serves. */
  session: LeaderSession | null = null;
  leader: NodeId | null = null;
  /** The one before, when there is none. */
  lastLeader: NodeId | null = null;
  ballot: Ballot = ballotFrom(0);
  /** In `node-replicator`'s list of groups to look at in this turn. */
  isDirty = false;
  isRemoved = false;
  unsynced: Unsynced[] = [];
  /** Committed, and durable here; in the tree when there is one. */
  appliedLsn: Lsn;
  /** Bytes of entries applied since the log was last told how far the group is committed. */
  unmarkedBytes = 0;
  /** The log up to here may be gone. */
  releasedLsn: Lsn;
  split: AppliedSplit | null = null;
  /** The log above this is needed for a tree that is being built; null: for none. */
  logPin: Lsn | null = null;

  readonly #recordBytesMax: number;

  /** `recordBytesMax`: what a record of the node's log may have. */
  constructor(spec: ReplicaSpec, self: NodeId, core: Group, recordBytesMax: number) {
    this.#recordBytesMax = recordBytesMax;
    this.group = spec.group;
    this.self = self;
    this.core = core;
    this.configuration = core.configuration;
    this.isTreeLive = spec.tree !== "none";
    this.hasTree = spec.tree === "whole";
    this.appliedLsn = spec.recovered.applied;
    this.releasedLsn = lsn(spec.recovered.firstOnDisk - 1);
    for (const entry of spec.recovered.tail) {
      if (entry.kind !== SPLIT || entry.lsn > this.appliedLsn) continue;
      this.split = { lsn: entry.lsn, payload: must(decodeSplitPayload(entry.payload), "a SPLIT entry decodes") };
    }
  }

  /**
   * The log begins behind `base`, whatever it held before: a replica that joins, or one that was no member while the
   * group went on without it. What the tree has is of no use any more.
   */
  noteBase(base: Lsn): void {
    // A base without a configuration (the power went between the two records) binds nobody: another leader may know of
    // a lower floor.
    const isFurtherUp = base >= this.appliedLsn || this.configuration.epoch === 0;
    assert(this.session === null && isFurtherUp, "a log begins anew further up, and not at a leader");
    this.isTreeLive = false;
    this.hasTree = false;
    this.split = null;
    this.appliedLsn = base;
    this.releasedLsn = base;
  }

  /** This node's own replica; null when the configuration does not list it. */
  get replica(): Replica | null {
    return replicaOf(this.configuration, this.self);
  }

  /** Who may lead: storage replicas that vote. */
  get members(): readonly NodeId[] {
    const members: NodeId[] = [];
    for (const { node, kind, votes } of this.configuration.replicas) {
      if (votes && kind === STORAGE) members.push(node);
    }
    return members;
  }

  /** A leader that has proposed a split, or a replica that has applied one. */
  get isClosed(): boolean {
    return this.split !== null || this.core.splitLsn !== 0;
  }

  /** Takes over what the core says about leadership. Returns the session that ended, to be abandoned. */
  follow(leadership: Leadership): LeaderSession | null {
    if (this.leader !== null) this.lastLeader = this.leader;
    this.leader = leadership.leader;
    const isSame = this.session !== null && leadership.role === "leader" && leadership.ballot === this.ballot;
    this.ballot = leadership.ballot;
    if (isSame && leadership.serving) return null;
    // Closed by its own split: what was proposed before still commits, and whoever waits for it is told.
    if (isSame && this.isClosed) return null;
    const ended = this.session;
    this.session = leadership.role === "leader" && leadership.serving
      ? new LeaderSession(this.#recordBytesMax) : null;
    return ended;
  }
}

// One replica of one group on this node: the consensus core, the leader's session while it leads, and the
// acknowledgements that wait for the node's log. State only; the turn that drives it is node-replicator.
import { ballotFrom, type Ballot, type Epoch, type GroupId, type Lsn, type NodeId } from "../base/ids.ts";
import type { Group } from "../consensus/group.ts";
import type { Leadership } from "../consensus/ready.ts";
import type { PaxosMessage } from "../wire/paxos-messages.ts";
import { LeaderSession } from "./leader-session.ts";

export type GroupMembers = {
  readonly group: GroupId;
  readonly members: readonly NodeId[];
  readonly epoch: Epoch;
};

/** What must be told to the core, and sent, once the log is durable up to the append sequence `seq`. */
export type Unsynced = { readonly seq: number; readonly token: number; readonly messages: readonly PaxosMessage[] };

export class GroupHost {
  readonly group: GroupId;
  readonly members: readonly NodeId[];
  readonly core: Group;
  /** Non-null while this replica leads and serves. */
  session: LeaderSession | null = null;
  leader: NodeId | null = null;
  ballot: Ballot = ballotFrom(0);
  /** In `node-replicator`'s list of groups to look at in this turn. */
  isDirty = false;
  isRemoved = false;
  unsynced: Unsynced[] = [];
  appliedLsn: Lsn;
  /** Bytes of entries applied since the log was last told how far the group is committed. */
  unmarkedBytes = 0;

  constructor(members: GroupMembers, core: Group, appliedLsn: Lsn) {
    this.group = members.group;
    this.members = members.members;
    this.core = core;
    this.appliedLsn = appliedLsn;
  }

  /** Takes over what the core says about leadership. Returns the session that ended, to be abandoned. */
  follow(leadership: Leadership): LeaderSession | null {
    this.leader = leadership.leader;
    const continues = this.session !== null && leadership.serving && leadership.ballot === this.ballot;
    this.ballot = leadership.ballot;
    if (continues) return null;
    const ended = this.session;
    this.session = leadership.role === "leader" && leadership.serving ? new LeaderSession() : null;
    return ended;
  }
}

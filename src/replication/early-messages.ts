// Messages for groups that are not hosted here yet: a new partition's leader may speak before this node's
// catalogue has said that the partition exists. Kept for about a second, so that the first election need not
// wait for a resend; beyond the bounds they are lost, as on any network.
import type { GroupId } from "../base/ids.ts";
import type { PaxosMessage } from "../wire/paxos-messages.ts";

const GROUPS_MAX = 1_024;
const MESSAGES_MAX = 8;
const NONE: readonly PaxosMessage[] = [];

export class EarlyMessages {
  #byGroup: Map<GroupId, PaxosMessage[]> = new Map();

  keep(message: PaxosMessage): void {
    const kept = this.#byGroup.get(message.group);
    if (kept !== undefined) {
      if (kept.length < MESSAGES_MAX) kept.push(message);
    } else if (this.#byGroup.size < GROUPS_MAX) this.#byGroup.set(message.group, [message]);
  }

  take(group: GroupId): readonly PaxosMessage[] {
    const kept = this.#byGroup.get(group);
    if (kept === undefined) return NONE;
    this.#byGroup.delete(group);
    return kept;
  }

  clear(): void {
    if (this.#byGroup.size > 0) this.#byGroup = new Map();
  }
}

// Replicas that the configuration does not list: they are told, and those that are told stop campaigning.
import { REMOVED, type PaxosMessage } from "../wire/paxos-messages.ts";
import type { GroupState } from "./group-state.ts";
import { NO_LSN } from "./log-tail.ts";
import { plainMessage } from "./messages.ts";

/**
 * A candidate that the committed configuration does not list is told so. As long as the configuration in force is not
 * committed, one of the configuration before it may still win, so it is answered.
 */
export function refuseStranger(s: GroupState, m: PaxosMessage): boolean {
  if (s.configurations.isEmpty) {
    s.ignore("candidate before a configuration");
    return true;
  }
  if (s.peer(m.from) !== null || !s.isConfigurationCommitted) return false;
  s.send.push(plainMessage(s, REMOVED, m.from, s.promised, NO_LSN, false, 0));
  return true;
}

/** Only a newer configuration than the own one tells news: a replica that lags may be the one that is wrong. */
export function onRemoved(s: GroupState, m: PaxosMessage): void {
  if (m.epoch <= s.epoch || s.role === "leader") return;
  s.removed();
}

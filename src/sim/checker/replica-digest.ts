// Replicas of a group with the same applied LSN have the same state.
import { violation, type Violation } from "./violation.ts";

export type ReplicaState = {
  readonly group: number;
  readonly node: number;
  readonly applied: number;
  readonly digest: string;
};

export function checkReplicaDigests(states: readonly ReplicaState[]): Violation[] {
  const found: Violation[] = [];
  const first = new Map<string, ReplicaState>();
  for (const state of states) {
    const at = `${state.group}@${state.applied}`;
    const other = first.get(at);
    if (other === undefined) first.set(at, state);
    else if (other.digest !== state.digest) {
      found.push(violation("replica-digest", `group ${state.group} at LSN ${state.applied}: node ${other.node} has `
        + `${other.digest}, node ${state.node} has ${state.digest}`));
    }
  }
  return found;
}

/** After healing: all replicas of a group must have applied the same LSN. */
export function checkReplicasConverged(states: readonly ReplicaState[]): Violation[] {
  const found: Violation[] = [];
  const first = new Map<number, ReplicaState>();
  for (const state of states) {
    const other = first.get(state.group);
    if (other === undefined) first.set(state.group, state);
    else if (other.applied !== state.applied) {
      found.push(violation("converged", `group ${state.group}: node ${other.node} applied up to LSN ${other.applied}, `
        + `node ${state.node} up to ${state.applied}`));
    }
  }
  return found;
}

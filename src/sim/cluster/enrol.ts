// A process with an empty disk asks the cluster to make a node of it, again and again until it is told its id.
import type { NodeId } from "../../base/ids.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Network } from "../../ports/network.ts";
import type { Random } from "../../ports/random.ts";
import { Router } from "../../roles/router/role.ts";
import type { NodeMessage, RegisterWork } from "../../wire/data-messages.ts";

export type EnrolEnv = {
  readonly self: NodeId;
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network<NodeMessage>;
  /** Nodes to ask; any of them knows who leads the system group. */
  readonly contacts: readonly NodeId[];
  readonly work: RegisterWork;
};

/** After an answer that was none, such as "duplicate identity" while the former node still counts as alive. */
const PAUSE_MS = 50;

/** Returns what takes the process's messages. */
export function enrol(env: EnrolEnv, done: (identity: NodeId) => void): (message: NodeMessage) => void {
  const { self, clock, random, network, contacts, work } = env;
  const router = new Router({ self, clock, random, network, metadataNodes: contacts, nearNode: null });
  const ask = (): void => router.askControlPlane(work, (outcome) => {
    if (outcome.kind === "registered") {
      router.stop();
      done(outcome.node.id);
    } else clock.setTimer(PAUSE_MS, ask);
  });
  ask();
  return (message) => router.onMessage(message);
}

// `stator init`: makes a cluster of nodes that wait for it. Two steps, each safe to repeat: every node notes the plan,
// and only when all have does the first one begin. A run that was cut short is finished by the next one with the same
// nodes; a node that belongs to another cluster refuses.
import { randomUUID } from "node:crypto";
import { contact } from "../runtime/tcp/contact.ts";
import type { Identity } from "../runtime/tcp/greeting.ts";
import { StartError } from "./embedded-options.ts";
import {
  answerOf, FOUNDERS_MIN, type Answer, type ClusterPlan, type Founder, type Question, type WhoAnswer,
} from "./membership-talk.ts";

const ANSWER_MS_MAX = 5_000;
/** Nodes that are just being started are waited for. */
const APPEAR_MS_MAX = 20_000;
const APPEAR_PAUSE_MS = 250;

const STRANGER: Identity = {
  clusterId: "", node: 0, incarnation: 0, uuid: randomUUID(), zone: "", address: "",
};

/** Returns the plan that all nodes follow. Throws a StartError that says what is in the way. */
export async function initCluster(
  addresses: readonly string[], tell: (line: string) => void,
): Promise<ClusterPlan> {
  const nodes: WhoAnswer[] = [];
  for (const address of addresses) nodes.push(await who(address));
  const plan = agreedPlan(addresses, nodes) ?? newPlan(addresses, nodes);
  for (const address of addresses) await demand(address, { kind: "plan", plan });
  tell(`All ${addresses.length} nodes have noted the plan of cluster ${plan.clusterId}.`);
  for (const address of addresses) await demand(address, { kind: "begin", clusterId: plan.clusterId });
  return plan;
}

async function who(address: string): Promise<WhoAnswer> {
  const end = performance.now() + APPEAR_MS_MAX;
  for (;;) {
    const reached = await contact(address, STRANGER, { kind: "who" }, ANSWER_MS_MAX);
    const answer = reached.ok ? answerOf(reached.answer) : null;
    if (answer?.kind === "who") return answer;
    const reason = reached.ok ? "its answer makes no sense to this build" : reached.reason;
    if (performance.now() > end || (!reached.ok && !reached.isSilent)) {
      throw new StartError(`${address} does not answer as a node (${reason}). Is \`stator node\` running there?`);
    }
    await new Promise((resolve) => setTimeout(resolve, APPEAR_PAUSE_MS));
  }
}

/** The plan that a run before this one has made; null: there is none that counts. */
function agreedPlan(addresses: readonly string[], nodes: readonly WhoAnswer[]): ClusterPlan | null {
  const members = nodes.flatMap((node, i) => (node.state === "member" ? [{ node, address: addresses[i] ?? "" }] : []));
  const first = members[0] ?? null;
  if (first === null) {
    const planned = nodes.find(({ state }) => state === "planned");
    if (planned === undefined) return null;
    const { clusterId, founders } = planned;
    return isSameSet(founders, nodes) ? { clusterId, founders } : null; // nobody has begun with it
  }
  const { clusterId, founders } = first.node;
  for (const { node, address } of members) {
    if (node.clusterId !== clusterId) {
      throw new StartError(`${first.address} belongs to cluster ${clusterId}, ${address} to ${node.clusterId}.`);
    }
  }
  if (isSameSet(founders, nodes)) return { clusterId, founders };
  const stranger = addresses.find((_, i) => !founders.some(({ uuid }) => uuid === nodes[i]?.uuid));
  throw new StartError(
    `${first.address} already belongs to cluster ${clusterId}, which began with other nodes: `
    + `${stranger === undefined ? "not all of them are named here" : `${stranger} is none of them`}. `
    + "Give the nodes it began with, or start further nodes with --join: they need no init.",
  );
}

function isSameSet(founders: readonly Founder[], nodes: readonly WhoAnswer[]): boolean {
  const uuids = new Set(nodes.map(({ uuid }) => uuid));
  return founders.length === uuids.size && founders.every(({ uuid }) => uuids.has(uuid));
}

/** Ids in the order given, but for the first three, which are in three zones. */
function newPlan(addresses: readonly string[], nodes: readonly WhoAnswer[]): ClusterPlan {
  const uuids = new Set(nodes.map(({ uuid }) => uuid));
  if (uuids.size < nodes.length) throw new StartError("Two of the addresses lead to the same node.");
  const first: WhoAnswer[] = [];
  for (const node of nodes) {
    if (first.length < FOUNDERS_MIN && !first.some(({ zone }) => zone === node.zone)) first.push(node);
  }
  if (first.length < FOUNDERS_MIN) {
    const zones = [...new Set(nodes.map(({ zone }) => zone))].join(", ");
    throw new StartError(`A cluster begins with at least ${FOUNDERS_MIN} nodes in three zones; these ${nodes.length} `
      + `(${addresses.join(", ")}) are in ${zones}.`);
  }
  const ordered = [...first, ...nodes.filter((node) => !first.includes(node))];
  return {
    clusterId: randomUUID(),
    founders: ordered.map(({ uuid, zone, address, capacity }, i) => ({ id: i + 1, uuid, zone, address, capacity })),
  };
}

async function demand(address: string, question: Question): Promise<void> {
  const reached = await contact(address, STRANGER, question, ANSWER_MS_MAX);
  const answer: Answer | null = reached.ok ? answerOf(reached.answer) : null;
  if (answer?.kind === "ok") return;
  const reason = answer?.kind === "refused" || answer?.kind === "not-now" ? answer.reason
    : reached.ok ? "its answer makes no sense to this build" : reached.reason;
  throw new StartError(`${address}: ${reason}. Nothing is lost: mend that, and run the same \`stator init\` again.`);
}

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  epoch, groupId, hashPoint, HASH_POINT_END, lsn, nodeId, SYSTEM_GROUP, type GroupId, type NodeId,
} from "../../base/ids.ts";
import type { NodeState, Partition } from "../../model/table-schema.ts";
import type { GroupStatusOutcome } from "../../wire/data-messages.ts";
import { LOG, STORAGE, type Replica } from "../../wire/group-configuration.ts";
import { Catalogue, nodeRow } from "./catalogue.ts";
import { ClusterView } from "./cluster-view.ts";
import { absorb } from "./group-members.ts";
import type { Sight } from "./group-sights.ts";
import type { Life } from "./liveness.ts";
import { planGroup, type GroupStep } from "./plan-group.ts";

/** Nodes 1 to 6 in zones a, b, c, a, b, c. Of a node: "down", "suspect", "draining", …; others are up and active. */
type Nodes = Readonly<Record<number, Life | NodeState>>;

/** "1 2 3log 4log? 5?": storage, storage, log voter, log learner, storage learner. */
function replicas(text: string): readonly Replica[] {
  return text.split(" ").map((word) => ({
    node: nodeId(Number.parseInt(word, 10)), kind: word.includes("log") ? LOG : STORAGE, votes: !word.endsWith("?"),
  }));
}

function show(list: readonly Replica[]): string {
  return list.map(({ node, kind, votes }) => `${node}${kind === LOG ? "log" : ""}${votes ? "" : "?"}`).join(" ");
}

type Case = {
  readonly name: string;
  readonly config: string;
  /** Of the record; absent: what `config` says. */
  readonly record?: Partial<Partition>;
  readonly nodes?: Nodes;
  readonly trees?: readonly number[];
  /** Nodes that lag behind. */
  readonly behind?: readonly number[];
  readonly leader?: number;
  readonly status?: Partial<GroupStatusOutcome>;
  readonly wanted: string;
};

const ids = (list: readonly number[]): readonly NodeId[] => list.map(nodeId);

const CASES: readonly Case[] = [
  { name: "all is well", config: "1 2 3", wanted: "steady" },
  { name: "a suspect is waited for", config: "1 2 3", nodes: { 3: "suspect" }, wanted: "steady" },
  { name: "unknown lives are waited for", config: "1 2 3", nodes: { 3: "unknown" }, wanted: "steady" },
  { name: "lost: another node of its zone is recorded first", config: "1 2 3", nodes: { 3: "down" }, wanted: "begin joining 6 leaving" },
  { name: "removed counts as lost", config: "1 2 3", nodes: { 3: "removed" }, wanted: "begin joining 6 leaving" },
  { name: "no other zone while three may be up", config: "1 2 3", nodes: { 3: "down", 6: "suspect" }, wanted: "wait no node" },
  { name: "another zone when only two are left", config: "1 2 3", nodes: { 3: "down", 6: "down" }, wanted: "begin joining 4 leaving" },
  { name: "the recorded one is let in", config: "1 2 3", record: { joining: ids([6]) }, nodes: { 3: "down" }, wanted: "reconfigure 1 2 3 6log?" },
  { name: "not before it has the log", config: "1 2 3 6log?", nodes: { 3: "down" }, behind: [6], wanted: "wait node 6 receives" },
  { name: "in place of a lost voter it votes without a tree", config: "1 2 3 6log?", nodes: { 3: "down" }, wanted: "reconfigure 1 2 3 6log" },
  { name: "not when voters alive would be no quorum", config: "1 2 3 6log?", nodes: { 3: "down", 2: "suspect" }, wanted: "wait too few" },
  { name: "then the lost one goes", config: "1 2 3 6log", nodes: { 3: "down" }, wanted: "reconfigure 1 2 6log" },
  { name: "not when those left would be no quorum", config: "1 2 3 6log", nodes: { 3: "down", 2: "suspect", 6: "suspect" }, wanted: "wait too few" },
  { name: "a joiner stays while it is not certain that the other came back", config: "1 2 3 6log?", nodes: { 3: "unknown" }, wanted: "wait node 6 builds" },
  { name: "then it builds its tree", config: "1 2 6log", wanted: "wait node 6 builds" },
  { name: "then it becomes a storage replica", config: "1 2 6log", trees: [6], wanted: "reconfigure 1 2 6" },
  { name: "back before it was let in: in and out again", config: "1 2 3", record: { joining: ids([6]) }, wanted: "reconfigure 1 2 3 6log?" },
  { name: "back while it learns: out", config: "1 2 3 6log?", wanted: "reconfigure 1 2 3" },
  { name: "back after it got its vote: the one without a tree goes", config: "1 2 3 6log", wanted: "reconfigure 1 2 3" },
  { name: "a joining node that dies goes", config: "1 2 3 6log?", nodes: { 3: "down", 6: "down" }, wanted: "reconfigure 1 2 3" },
  { name: "unless nobody else could join", config: "1 2 3 4log?", nodes: { 3: "down", 4: "down", 5: "down", 6: "down" }, wanted: "wait node 4 is down" },
  { name: "two lost of four: one at a time", config: "1 2 3 6log", nodes: { 3: "down", 6: "down" }, wanted: "reconfigure 1 2 6log" },
  { name: "draining: the leadership goes first", config: "1 2 3", nodes: { 1: "draining" }, wanted: "transfer 2" },
  { name: "not to one that lags", config: "1 2 3", nodes: { 1: "draining" }, behind: [2], wanted: "transfer 3" },
  { name: "draining: then a new replica", config: "1 2 3", nodes: { 3: "draining" }, wanted: "begin joining 6 leaving" },
  { name: "beside a living one it builds its tree first", config: "1 2 3 6log?", nodes: { 3: "draining" }, wanted: "wait node 6 builds" },
  { name: "as a learner it becomes a storage replica", config: "1 2 3 6log?", nodes: { 3: "draining" }, trees: [6], wanted: "reconfigure 1 2 3 6?" },
  { name: "then it votes", config: "1 2 3 6?", nodes: { 3: "draining" }, wanted: "reconfigure 1 2 3 6" },
  { name: "then the old one goes", config: "1 2 3 6", nodes: { 3: "draining" }, wanted: "reconfigure 1 2 6" },
  { name: "a move is a drain of one replica", config: "1 2 3 6", record: { leaving: ids([3]) }, wanted: "reconfigure 1 2 6" },
  { name: "a leader that is to leave hands over", config: "1 2 3 6", record: { leaving: ids([1]) }, wanted: "transfer 2" },
  { name: "a move without a node for it ends", config: "1 2 3", record: { leaving: ids([3]) }, nodes: { 6: "down" }, wanted: "record joining leaving" },
  { name: "a shared zone is ended when there is another", config: "1 4 2", wanted: "begin joining 3 leaving 4" },
  { name: "but not the leader's replica", config: "1 4 2", leader: 4, wanted: "begin joining 3 leaving 1" },
  { name: "a plan for a shared zone ends when another is up", config: "1 2 3 4log?", nodes: { 3: "down" }, wanted: "reconfigure 1 2 3" },
  { name: "what the leader tells is recorded first",
    config: "1 2 3 6log", record: { joining: ids([6]), epoch: epoch(4) }, nodes: { 3: "down" }, wanted: "record joining 6 leaving" },
  { name: "a plan that a newer epoch does not have is forgotten",
    config: "1 2 3", record: { joining: ids([6]), leaving: ids([3]), epoch: epoch(4) }, wanted: "record joining leaving" },
  { name: "an older configuration is not believed", config: "1 2 3 6", record: { epoch: epoch(6) }, wanted: "wait its leader answered with an older" },
  { name: "an uncommitted one neither",
    config: "1 2 3 6log", record: { joining: ids([6]), epoch: epoch(4) }, status: { isConfigurationCommitted: false }, wanted: "wait a change" },
  { name: "after a split nothing is changed", config: "1 2 3", nodes: { 3: "down" }, status: { splitLsn: lsn(9) }, wanted: "wait is split" },
  { name: "no quorum: nothing", config: "1 2 3", nodes: { 2: "down", 3: "down" }, wanted: "begin joining 5 leaving" },
  { name: "one node: nobody else can", config: "1", nodes: { 2: "removed", 3: "removed", 4: "removed", 5: "removed", 6: "removed" }, wanted: "wait no node" },
  { name: "one replica of a cluster that grew", config: "1", wanted: "begin joining 2 leaving" },
];

function viewOf(nodes: Nodes): ClusterView {
  const catalogue = new Catalogue();
  for (let i = 1; i <= 6; i++) {
    const id = nodeId(i);
    const word = nodes[i];
    const state = word === "draining" || word === "removed" ? word : "active";
    catalogue.apply(nodeRow({ id, uuid: "", zone: "abc"[(i - 1) % 3] as string, address: "", capacity: 9, state, version: 1 }));
  }
  return new ClusterView(catalogue, (id) => {
    const word = nodes[id];
    return word === "down" || word === "suspect" || word === "unknown" ? word : "up";
  });
}

function plan(given: Case): GroupStep {
  const view = viewOf(given.nodes ?? {});
  const list = replicas(given.config);
  const at = epoch(5);
  const leader = nodeId(given.leader ?? 1);
  const of = (is: (replica: Replica) => boolean): readonly NodeId[] => list.filter(is).map(({ node }) => node);
  const log = of(({ kind, votes }) => kind === LOG && votes);
  const unfinished = of(({ kind, votes }) => kind === LOG || !votes);
  const partition: Partition = {
    group: groupId(16), from: hashPoint(0), to: HASH_POINT_END, replicas: of(({ kind, votes }) => kind === STORAGE && votes),
    ...(log.length > 0 ? { logReplicas: log } : {}), ...(unfinished.length > 0 ? { joining: unfinished } : {}), epoch: at,
    ...given.record,
  };
  view.count(partition, 1);
  const sight: Sight = {
    leader, askedMs: 0, leaderSinceMs: 0, trees: new Map((given.trees ?? []).map((node) => [nodeId(node), at])),
    status: {
      kind: "group-status", isLeader: true, leader, configuration: { epoch: at, replicas: list }, isConfigurationCommitted: true,
      last: lsn(1_000), commit: lsn(1_000), applied: lsn(1_000), floor: lsn(1), hasTree: true, items: 0, bytes: 0, splitLsn: lsn(0), barred: [],
      peers: list.filter(({ node }) => node !== leader).map(({ node }) => ({
        node, match: lsn(given.behind?.includes(node) === true ? 3 : 999), silentMs: 5,
      })),
      ...given.status,
    },
  };
  return planGroup({ partition, sight, view, joinsPerNodeMax: 2 });
}

function describe(step: GroupStep): string {
  switch (step.kind) {
    case "steady":
      return "steady";
    case "wait":
      return `wait ${step.why}`;
    case "record":
    case "begin":
      return [step.kind, "joining", ...(step.partition.joining ?? []), "leaving", ...(step.partition.leaving ?? [])].join(" ");
    case "ask":
      if (step.work.kind === "reconfigure") {
        assert.equal(step.work.epoch, 5, "a step names the epoch it was planned for");
        return `reconfigure ${show(step.work.replicas)}`;
      }
      return step.work.kind === "transfer" ? `transfer ${step.work.to}` : step.work.kind;
  }
}

for (const given of CASES) {
  test(`membership: ${given.name}`, () => {
    const step = describe(plan(given));
    assert.ok(given.wanted.startsWith("wait") ? step.startsWith(given.wanted) : step === given.wanted, `${step}, not ${given.wanted}`);
  });
}

test("a new replica may be the preferred leader of a group, never of the system group", () => {
  const partition = (group: GroupId): Partition => ({
    group, from: hashPoint(0), to: HASH_POINT_END, replicas: ids([2, 1, 3]), epoch: epoch(5),
  });
  const view = viewOf({});
  view.count(partition(groupId(17)), 1);
  const order = (group: GroupId): readonly NodeId[] | undefined => (
    absorb(partition(group), { epoch: epoch(6), replicas: replicas("1 2 6") }, view)?.replicas
  );
  assert.deepEqual(order(groupId(16)), [1, 2, 6], "node 2 is the preferred leader of another group");
  assert.deepEqual(order(SYSTEM_GROUP), [2, 1, 6]);
});

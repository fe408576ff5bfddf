import assert from "node:assert/strict";
import { test } from "node:test";
import { groupId, nodeId, type GroupId, type NodeId } from "../../base/ids.ts";
import { ManualClock } from "../../ports/contract/manual-clock.ts";
import { REPLY, type NodeMessage, type Request, type Work, type WorkOutcome } from "../../wire/data-messages.ts";
import { PendingRequests, type Answered } from "./pending.ts";

const GROUP = groupId(16);
const NODES = [nodeId(1), nodeId(2), nodeId(3)];
const READ: Work = { kind: "status" };
const WRITE: Work = { kind: "write-many", writes: [] };

class Bench {
  readonly clock: ManualClock = new ManualClock();
  readonly sent: { to: NodeId; request: Request }[] = [];
  readonly outcomes: Answered[] = [];
  readonly groups: Set<GroupId> = new Set([GROUP]);
  readonly pending: PendingRequests = new PendingRequests(nodeId(9), this.clock, {
    send: (to, message: NodeMessage) => void this.sent.push({ to, request: message as Request }),
  }, 1, (group) => this.groups.has(group));

  start(work: Work, preferred: NodeId | null = null): void {
    this.pending.start(GROUP, NODES, work, 0, preferred, 0, (outcome) => void this.outcomes.push(outcome));
  }

  answer(outcome: WorkOutcome): void {
    const last = this.sent.at(-1);
    assert.ok(last);
    this.pending.onReply({ kind: REPLY, from: last.to, id: last.request.id, outcome });
  }
}

const DONE: WorkOutcome = { kind: "status", applied: 0 as never, items: 1, bytes: 2 };

test("a redirect is followed at once, and the leader remembered", () => {
  const bench = new Bench();
  bench.start(WRITE);
  assert.equal(bench.sent[0]?.to, 1);
  bench.answer({ kind: "redirect", leader: nodeId(3), reason: "" });
  assert.equal(bench.sent[1]?.to, 3);
  bench.answer(DONE);
  assert.deepEqual(bench.outcomes, [DONE]);
  bench.start(WRITE);
  assert.equal(bench.sent[2]?.to, 3);
});

test("a request that was sent too often to follow a redirect at once rests, and all others know the leader", () => {
  const bench = new Bench();
  bench.start(READ);
  for (const leader of [2, 1, 3]) bench.answer({ kind: "redirect", leader: nodeId(leader), reason: "" });
  assert.equal(bench.sent.length, 3, "it rests");
  bench.start(WRITE);
  assert.equal(bench.sent[3]?.to, 3);
  bench.clock.advance(110);
  assert.equal(bench.sent[4]?.to, 3);
});

test("without a leader it asks around, with pauses, until the deadline", () => {
  const bench = new Bench();
  bench.start(WRITE);
  for (let turn = 0; turn < 300 && bench.outcomes.length === 0; turn++) {
    const before = bench.sent.length;
    bench.answer({ kind: "redirect", leader: null, reason: "election" });
    bench.clock.advance(110);
    if (bench.outcomes.length === 0) assert.ok(bench.sent.length > before, "sent again");
  }
  assert.deepEqual(bench.outcomes, [{ kind: "unavailable", reason: "election" }]);
  assert.deepEqual(new Set(bench.sent.map(({ to }) => to)), new Set(NODES));
});

test("a read without an answer is sent again, a write is not: its fate is unknown", () => {
  const bench = new Bench();
  bench.start(READ);
  bench.clock.advance(4_000);
  assert.ok(bench.sent.length >= 2);
  bench.answer(DONE);
  assert.equal(bench.outcomes.length, 1);
  const other = new Bench();
  other.start(WRITE);
  other.clock.advance(4_000);
  assert.equal(other.sent.length, 1);
  assert.equal(other.outcomes[0]?.kind, "unavailable");
});

test("after a silent replica the next write goes to another one", () => {
  const bench = new Bench();
  const asked: number[] = [];
  for (let i = 0; i < 4; i++) {
    bench.start(WRITE);
    bench.clock.advance(4_000);
    asked.push(bench.sent.at(-1)?.to ?? 0);
  }
  assert.deepEqual(asked, [1, 2, 3, 1]);
});

test("late, foreign and repeated answers are nobody's", () => {
  const bench = new Bench();
  bench.start(WRITE);
  const id = bench.sent[0]?.request.id ?? 0;
  bench.pending.onReply({ kind: REPLY, from: nodeId(2), id, outcome: DONE });
  bench.pending.onReply({ kind: REPLY, from: nodeId(1), id: id + 7, outcome: DONE });
  assert.equal(bench.outcomes.length, 0);
  bench.answer(DONE);
  bench.answer(DONE);
  assert.equal(bench.outcomes.length, 1);
  assert.equal(bench.pending.size, 0);
});

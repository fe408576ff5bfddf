// Messages from peers are hostile until judged: whatever arrives, no assertion fails and no promise is broken.
import assert from "node:assert/strict";
import { test } from "node:test";
import { epoch, groupId, lsn, nodeId, ballot, type Ballot, type Lsn } from "../base/ids.ts";
import { initialConfiguration } from "../wire/group-configuration.ts";
import { Prng } from "../base/prng.ts";
import { WRITE, type EntryKind, type LogEntry } from "../wire/log-record.ts";
import { ACCEPT, ACCEPTED, INSTALL, PREPARE, type PaxosKind, type PaxosMessage } from "../wire/paxos-messages.ts";
import { makeEntry } from "../wire/record-checksum.ts";
import { Group } from "./group.ts";
import { NO_BALLOT, NO_LSN } from "./log-tail.ts";

const GROUP = groupId(7);
const TIMING = { leaseMs: 300, leaseDriftMs: 30, heartbeatMs: 60, electionJitterMs: 20, resendMs: 70 };
const NOTHING = new Uint8Array(0);

function newGroup(): Group {
  const config = {
    group: GROUP, self: nodeId(1), initial: initialConfiguration([nodeId(1), nodeId(2), nodeId(3)]), timing: TIMING,
  };
  const recovered = {
    promised: NO_BALLOT, applied: NO_LSN, commit: NO_LSN, tail: [], firstOnDisk: lsn(1), configurations: [], base: null,
  };
  const group = new Group(config, recovered, 1000, { random: () => 0, priorLeasesVoid: true, mayLead: true });
  group.durable(group.ready(1000)?.token ?? 0, 1000); // the first configuration
  return group;
}

function message(kind: PaxosKind, changes: Partial<PaxosMessage>): PaxosMessage {
  return {
    kind, from: nodeId(2), to: nodeId(1), group: GROUP, epoch: epoch(1), ballot: ballot(1, nodeId(2)), lsn: NO_LSN,
    lastLsn: NO_LSN, lastBallot: NO_BALLOT, commit: NO_LSN, floor: NO_LSN, sentAt: 5, flag: false,
    released: NO_BALLOT, entries: [], ...changes,
  };
}

function entry(at: number, round: number): LogEntry {
  return makeEntry(WRITE, GROUP, lsn(at), ballot(round, nodeId(2)), NOTHING);
}

const MALFORMED: Readonly<Record<string, PaxosMessage>> = {
  "other group": message(ACCEPT, { group: groupId(8) }),
  "not for this replica": message(ACCEPT, { to: nodeId(3) }),
  "not a member": message(ACCEPTED, { from: nodeId(9) }),
  "ballot of another node": message(ACCEPT, { ballot: ballot(1, nodeId(3)) }),
  "number out of range": message(ACCEPT, { lsn: -1 as Lsn }),
  "entries with a hole": message(ACCEPT, { entries: [entry(1, 1), entry(3, 1)] }),
  "entry of another group": message(ACCEPT, { entries: [{ ...entry(1, 1), group: groupId(9) }] }),
  "not an entry": message(ACCEPT, { entries: [{ ...entry(1, 1), kind: 16 as EntryKind }] }),
  "entry ballots out of order": message(ACCEPT, { ballot: ballot(3, nodeId(2)), entries: [entry(1, 2), entry(2, 1)] }),
  "floor above commit": message(ACCEPT, { floor: lsn(3), lastLsn: lsn(3) }),
  "commit beyond the sender's log": message(ACCEPT, { commit: lsn(3) }),
  "unexpected entries": message(PREPARE, { entries: [entry(1, 1)] }),
  "no configuration": message(INSTALL, {}),
  "unknown kind": message(77 as PaxosKind, {}),
};

for (const [reason, malformed] of Object.entries(MALFORMED)) {
  test(`ignored and counted: ${reason}`, () => {
    const group = newGroup();
    group.step(malformed, 1001);
    assert.equal(group.inspect().ignored[reason], 1);
    assert.equal(group.ready(1001), null);
  });
}

test("a ballot round that leaves no room above it is refused", () => {
  const group = newGroup();
  group.step(message(PREPARE, { ballot: (2 ** 35 * 65536 + 2) as Ballot }), 1001);
  assert.equal(group.inspect().ignored["number out of range"], 1);
  group.campaign(1002);
  assert.notEqual(group.ready(1002), null);
});

/** Random messages with plausible numbers: whatever they do, nothing asserts and the log keeps its order. */
function pelt(seed: number): void {
  const prng = new Prng(seed);
  const group = newGroup();
  let now = 1000;
  let commit = 0;
  for (let i = 0; i < 400; i++) {
    now += prng.below(40);
    const from = nodeId(prng.between(2, 3));
    const before = prng.below(6);
    const round = prng.between(1, 6);
    const count = prng.below(4);
    const entries = Array.from({ length: count }, (_, k) => entry(before + 1 + k, prng.chance(1, 5) ? 1 : round));
    const kind = prng.between(1, 10) as PaxosKind;
    group.step(message(kind, {
      from, ballot: ballot(round, kind === 2 || kind === 4 || kind >= 6 ? nodeId(1) : from), lsn: lsn(before),
      lastLsn: lsn(prng.below(8)), lastBallot: ballot(prng.below(4), nodeId(2)), flag: prng.chance(1, 2),
      sentAt: prng.below(2000), entries: kind === ACCEPT || kind === 4 ? entries : [],
    }), now);
    group.tick(now);
    const ready = group.ready(now);
    if (ready !== null && ready.append.length > 0 && prng.chance(3, 4)) group.durable(ready.token, now);
    const snapshot = group.inspect();
    assert.ok(snapshot.commit >= commit && snapshot.commit <= snapshot.lastLsn, "commit moves forward in the log");
    commit = snapshot.commit;
  }
}

test("random messages never trip an assertion", () => {
  for (let seed = 1; seed <= 300; seed++) {
    try {
      pelt(seed);
    } catch (error) {
      console.log(`failing seed ${seed}`);
      throw error;
    }
  }
});

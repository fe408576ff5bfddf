// A replica with a log of its own is told where its log begins: what it holds is given up only when it differs.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ballot, epoch, groupId, lsn, nodeId, type Ballot } from "../base/ids.ts";
import { encodeConfiguration, initialConfiguration } from "../wire/group-configuration.ts";
import { BASE, CONFIG, WRITE, type LogEntry, type LogRecord } from "../wire/log-record.ts";
import { INSTALL, type PaxosMessage } from "../wire/paxos-messages.ts";
import { makeEntry } from "../wire/record-checksum.ts";
import { Group } from "./group.ts";
import { NO_BALLOT, NO_LSN } from "./log-tail.ts";

const GROUP = groupId(7);
const TIMING = { leaseMs: 300, leaseDriftMs: 30, heartbeatMs: 60, electionJitterMs: 20, resendMs: 70 };
const MEMBERS = initialConfiguration([nodeId(1), nodeId(2), nodeId(3)]);
const OLD = ballot(1, nodeId(2));
const NEW = ballot(5, nodeId(3));

/** Replica 1 with four entries of an older leader, of which it knows none to be committed. */
function restarted(): Group {
  const tail = [1, 2, 3, 4].map((at): LogEntry => makeEntry(WRITE, GROUP, lsn(at), OLD, new Uint8Array(at)));
  const recovered = {
    promised: OLD, applied: NO_LSN, commit: NO_LSN, tail, firstOnDisk: lsn(1), base: null,
    configurations: [{ lsn: NO_LSN, ballot: NO_BALLOT, configuration: MEMBERS }],
  };
  const config = { group: GROUP, self: nodeId(1), initial: null, timing: TIMING };
  return new Group(config, recovered, 1000, { random: () => 0, priorLeasesVoid: true, mayLead: true });
}

function install(at: number, lastBallot: Ballot): PaxosMessage {
  const entry = makeEntry(CONFIG, GROUP, NO_LSN, NO_BALLOT, encodeConfiguration(MEMBERS));
  return {
    kind: INSTALL, from: nodeId(3), to: nodeId(1), group: GROUP, epoch: epoch(1), ballot: NEW, lsn: lsn(at),
    lastLsn: lsn(9), lastBallot, commit: lsn(9), floor: lsn(at), sentAt: 5, flag: false, released: NO_BALLOT,
    entries: [entry],
  };
}

function installed(group: Group, message: PaxosMessage): readonly LogRecord[] {
  group.ready(1001);
  group.step(message, 1001);
  return (group.ready(1001)?.append ?? []).filter(({ kind }) => kind === BASE);
}

test("a log that agrees at the base is kept: what stands above may be committed by this replica's vote", () => {
  const group = restarted();
  assert.deepEqual(installed(group, install(2, OLD)), []);
  assert.equal(group.lastLsn, 4);
  assert.equal(group.commitLsn, 2);
});

test("a log that differs at the base begins anew", () => {
  const group = restarted();
  const records = installed(group, install(2, ballot(3, nodeId(3))));
  assert.deepEqual(records.map((record) => record.lsn), [2]);
  assert.equal(group.lastLsn, 2);
  assert.equal(group.commitLsn, 2);
});

test("a log that ends before the base begins anew", () => {
  const group = restarted();
  assert.equal(installed(group, install(6, OLD)).length, 1);
  assert.equal(group.lastLsn, 6);
});

test("repeated, it changes nothing", () => {
  const group = restarted();
  assert.equal(installed(group, install(6, OLD)).length, 1);
  assert.equal(installed(group, install(6, OLD)).length, 0);
  assert.equal(installed(group, install(5, OLD)).length, 0);
  assert.equal(group.lastLsn, 6);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { groupId, lsn, storageKey, type Ballot } from "../base/ids.ts";
import { encodeWritePayload, type WritePayload } from "../wire/codec/write-payload.ts";
import { WRITE, type LogEntry } from "../wire/log-record.ts";
import { makeEntry } from "../wire/record-checksum.ts";
import { FLIGHT_BYTES_MAX, LeaderSession, type Waiter } from "./leader-session.ts";
import { RECORD_BYTES_MAX } from "../storage/wal/segment-format.ts";

const KEY = storageKey("key");
const OTHER = storageKey("other");

/** Proposes at the given LSN, or refuses. */
function proposer(at: number | null): (payload: WritePayload) => LogEntry | null {
  return (payload) => (at === null ? null
    : makeEntry(WRITE, groupId(16), lsn(at), 65_537 as Ballot, encodeWritePayload(payload)));
}

function waiter(told: string[], name: string): Waiter {
  return { settled: (isCommitted): void => void told.push(`${name} ${isCommitted}`) };
}

test("the newest proposed value is seen until it commits", () => {
  const session = new LeaderSession(RECORD_BYTES_MAX);
  const told: string[] = [];
  session.add(KEY, Uint8Array.of(1), 1, 10, waiter(told, "first"));
  session.propose(proposer(5));
  session.add(KEY, null, -1, -10, waiter(told, "second"));
  assert.equal(session.newest(KEY), null);
  assert.equal(session.newest(OTHER), undefined);
  session.propose(proposer(6));
  session.settle(lsn(4)); // somebody else's entry
  assert.deepEqual(told, []);
  session.settle(lsn(5));
  assert.deepEqual(told, ["first true"]);
  assert.equal(session.newest(KEY), null, "the second write is still in flight");
  session.settle(lsn(6));
  assert.equal(session.newest(KEY), undefined);
});

test("what is in flight is counted until it is applied", () => {
  const session = new LeaderSession(RECORD_BYTES_MAX);
  session.add(KEY, Uint8Array.of(1), 1, 10, waiter([], "first"));
  assert.deepEqual(session.inFlight(), { items: 0, bytes: 0 }, "what is not proposed may never be");
  session.propose(proposer(5));
  session.add(OTHER, Uint8Array.of(2), 1, 5, waiter([], "second"));
  session.add(KEY, null, -1, -10, waiter([], "third"));
  session.propose(proposer(6));
  assert.deepEqual(session.inFlight(), { items: 1, bytes: 5 });
  session.settle(lsn(5));
  assert.deepEqual(session.inFlight(), { items: 0, bytes: -5 });
  session.settle(lsn(6));
  assert.deepEqual(session.inFlight(), { items: 0, bytes: 0 });
});

test("who looked at a value in flight waits for it", () => {
  const session = new LeaderSession(RECORD_BYTES_MAX);
  const told: string[] = [];
  assert.equal(session.waitFor(KEY, waiter(told, "nobody")), false);
  session.add(KEY, Uint8Array.of(1), 1, 1, waiter(told, "writer"));
  assert.equal(session.waitFor(KEY, waiter(told, "condition")), true);
  session.propose(proposer(9));
  session.settle(lsn(9));
  assert.deepEqual(told, ["writer true", "condition true"]);
});

test("a refused proposal keeps the batch open; lost leadership tells everybody that the fate is unknown", () => {
  const session = new LeaderSession(RECORD_BYTES_MAX);
  const told: string[] = [];
  session.add(KEY, Uint8Array.of(1), 1, 1, waiter(told, "proposed"));
  session.propose(proposer(3));
  session.add(OTHER, Uint8Array.of(2), 1, 1, waiter(told, "open"));
  session.propose(proposer(null));
  assert.equal(session.hasOpenBatch(), true);
  session.abandon();
  assert.deepEqual(told, ["proposed false", "open false"]);
  assert.throws(() => session.add(KEY, null, 0, 0, waiter(told, "late")), /takes no writes/);
});

test("counters of a batch are the sum of its writes, and a large batch is full", () => {
  const session = new LeaderSession(RECORD_BYTES_MAX);
  session.add(KEY, new Uint8Array(10), 1, 100, waiter([], ""));
  session.add(OTHER, new Uint8Array(FLIGHT_BYTES_MAX), -3, -40, waiter([], ""));
  assert.equal(session.isFull(), true);
  session.propose((payload) => {
    assert.deepEqual([payload.items, payload.bytes, payload.mutations.length], [-2, 60, 2]);
    return proposer(1)(payload);
  });
  assert.equal(session.isFull(), false);
});

test("rows derived from a write are in its entry, and count towards its size", () => {
  const session = new LeaderSession(RECORD_BYTES_MAX);
  const row = { key: storageKey("row"), value: new Uint8Array(FLIGHT_BYTES_MAX) };
  const gone = { key: storageKey("gone"), value: null };
  session.add(KEY, Uint8Array.of(1), 1, 10, waiter([], ""), [gone, row]);
  assert.equal(session.isFull(), true);
  session.propose((payload) => {
    assert.deepEqual(payload.mutations, [{ key: KEY, value: Uint8Array.of(1) }, gone, row]);
    assert.deepEqual([payload.items, payload.bytes], [1, 10]);
    return proposer(1)(payload);
  });
  assert.equal(session.newest(row.key), undefined, "nobody evaluates on index rows");
});

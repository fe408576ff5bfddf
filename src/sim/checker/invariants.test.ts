// Each checker accepts what is right and refuses what is wrong.
import assert from "node:assert/strict";
import { test } from "node:test";
import { epoch, groupId, hashPoint, HASH_POINT_END, nodeId, tableId } from "../../base/ids.ts";
import type { TableSchema } from "../../model/table-schema.ts";
import { LOG, STORAGE, type Configuration } from "../../wire/group-configuration.ts";
import { ConfigurationAgreement } from "./configuration-agreement.ts";
import { checkLeaseExclusive } from "./lease-exclusive.ts";
import { LogAgreement } from "./log-agreement.ts";
import { checkMapCoversKeyspace } from "./map-covers-keyspace.ts";
import { checkNoLostAck } from "./no-lost-ack.ts";
import { VersionsGrow } from "./versions-grow.ts";
import { checkReplicaDigests, checkReplicasConverged } from "./replica-digest.ts";

test("no-lost-ack names items that are absent or changed, and skips places without the partition", () => {
  const acknowledged = new Map([["a", "1"], ["b", "2"]]);
  const at = (place: string, rows: Record<string, string | null>) => ({ place, find: (item: string) => rows[item] });
  assert.deepEqual(checkNoLostAck(acknowledged, [at("n1", { a: "1", b: "2" }), at("n2", {})]), []);
  const absent = checkNoLostAck(acknowledged, [at("n1", { a: null, b: "2" })]);
  assert.match(absent[0]?.message ?? "", /1 of 2 .* n1: a \(absent\)/);
  const changed = checkNoLostAck(acknowledged, [at("n1", { a: "1", b: "3" })]);
  assert.match(changed[0]?.message ?? "", /b \(holds 3\)/);
});

test("lease-exclusive refuses two holders of one group only", () => {
  const holder = (group: number, node: number) => ({ group: groupId(group), node, ballot: 1 });
  assert.equal(checkLeaseExclusive([holder(1, 1), holder(2, 2)]), null);
  assert.equal(checkLeaseExclusive([holder(1, 1), holder(1, 2)])?.checker, "lease-exclusive");
});

test("log-agreement refuses a second value at an LSN", () => {
  const log = new LogAgreement();
  const entry = { group: 1, lsn: 1, node: 1, ballot: 5, crc: 7 };
  assert.equal(log.note(entry), null);
  assert.equal(log.note({ ...entry, node: 2 }), null);
  assert.equal(log.note({ ...entry, group: 2, crc: 8 }), null);
  assert.equal(log.note({ ...entry, node: 3, crc: 8 })?.checker, "log-agreement");
  assert.equal(log.note({ ...entry, node: 3, ballot: 6 })?.checker, "log-agreement");
});

test("replica-digest compares replicas of one group at one LSN", () => {
  const state = (group: number, node: number, applied: number, digest: string) => ({ group, node, applied, digest });
  const same = [state(1, 1, 5, "x"), state(1, 2, 5, "x"), state(1, 3, 4, "y"), state(2, 1, 5, "z")];
  assert.deepEqual(checkReplicaDigests(same), []);
  assert.equal(checkReplicaDigests([...same, state(1, 3, 5, "y")]).length, 1);
  assert.equal(checkReplicasConverged(same).length, 1);
  assert.deepEqual(checkReplicasConverged([state(1, 1, 5, "x"), state(1, 2, 5, "x"), state(2, 1, 3, "z")]), []);
});

test("map-covers-keyspace finds holes, overlaps, short maps and shared groups", () => {
  const table = (name: string, id: number, ranges: [number, number, number][]): TableSchema => ({
    id: tableId(id), name, hashKey: { name: "pk", type: "S" }, rangeKey: null, status: "ACTIVE", version: 1,
    createdMs: 0, uuid: "u", billing: { mode: "PAY_PER_REQUEST" }, deletionProtection: false, tableClass: "STANDARD",
    partitions: ranges.map(([group, from, to]) => ({
      group: groupId(group), from: hashPoint(from), to: hashPoint(to), replicas: [nodeId(1)],
    })),
  } as unknown as TableSchema);
  const end = HASH_POINT_END;
  const whole = [table("a", 1, [[16, 0, 9], [17, 9, end]]), table("b", 2, [[18, 0, end]])];
  assert.deepEqual(checkMapCoversKeyspace(whole), []);
  assert.match(checkMapCoversKeyspace([table("a", 1, [[16, 0, 9], [17, 10, end]])])[0]?.message ?? "", /hole/);
  assert.match(checkMapCoversKeyspace([table("a", 1, [[16, 0, 9], [17, 8, end]])])[0]?.message ?? "", /overlap/);
  assert.match(checkMapCoversKeyspace([table("a", 1, [[16, 0, 9]])])[0]?.message ?? "", /ends at 9/);
  const shared = [table("a", 1, [[16, 0, end]]), table("b", 2, [[16, 0, end]])];
  assert.match(checkMapCoversKeyspace(shared)[0]?.message ?? "", /group 16/);
});

/** "1 2 3L 4?": 3 is a log replica, 4 does not vote. */
function configuration(at: number, text: string): Configuration {
  const replicas = text.split(" ").map((one) => ({
    node: nodeId(Number.parseInt(one, 10)), kind: one.includes("L") ? LOG : STORAGE, votes: !one.includes("?"),
  } as const));
  return { epoch: epoch(at), replicas };
}

test("configuration-agreement refuses two of one epoch, two votes at once and one without votes", () => {
  const chain = new ConfigurationAgreement();
  const steps = ["1 2 3", "1 2 3 4L?", "1 2 3 4L", "1 2 4L", "1 2 4"];
  steps.forEach((text, i) => assert.equal(chain.note(7, 1, configuration(i + 1, text)), null, text));
  assert.equal(chain.note(7, 2, configuration(3, "1 2 3 4L")), null);
  assert.equal(chain.changes, steps.length);
  assert.match(chain.note(7, 2, configuration(3, "1 2 3 5L"))?.message ?? "", /another/);
  assert.match(chain.note(7, 2, configuration(3, "1 2 3 4"))?.message ?? "", /another/);
  assert.match(chain.note(7, 2, configuration(6, "1 5 6"))?.message ?? "", /more than one vote/);
  assert.match(chain.note(8, 1, configuration(1, "1?"))?.message ?? "", /nobody votes/);
  const early = new ConfigurationAgreement();
  assert.equal(early.note(7, 1, configuration(2, "1 2 3 4")), null);
  assert.match(early.note(7, 1, configuration(1, "1 2"))?.message ?? "", /more than one vote/, "also when it comes late");
});

test("versions-grow refuses an older record in one life of a router, and no other", () => {
  const versions = new VersionsGrow();
  assert.equal(versions.note("router 1", "t", 3), null);
  assert.equal(versions.note("router 1", "t", 3), null);
  assert.equal(versions.note("router 1 again", "t", 1), null);
  assert.equal(versions.note("router 1", "another t", 1), null);
  assert.equal(versions.note("router 1", "t", 2)?.checker, "versions-grow");
});

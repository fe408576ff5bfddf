import assert from "node:assert/strict";
import { test } from "node:test";
import { hashPoint, HASH_POINT_END, tableId } from "../base/ids.ts";
import { addressOf } from "../model/key-encoding.ts";
import type { GetOperation, TransactAction } from "../model/operation.ts";
import type { TableSchema } from "../model/table-schema.ts";
import type { TransactionName, Work } from "../wire/data-messages.ts";
import { RequestGuard } from "./request-guard.ts";

const TABLE: TableSchema = {
  id: tableId(7), name: "known", hashKey: { name: "pk", type: "S" }, rangeKey: { name: "sk", type: "N" },
  status: "ACTIVE", version: 1, createdMs: 0, uuid: "u", billing: { mode: "PAY_PER_REQUEST", readUnits: 0, writeUnits: 0 },
  deletionProtection: false, tableClass: null, partitions: [],
};
const NAME: TransactionName = { id: "1.a.b", timestamp: 1, ledger: tableId(9), entry: "1.a.b", hash: "h" };
const address = addressOf(TABLE, { S: "a" }, { N: "1" });

function get(table: TableSchema): GetOperation {
  return { kind: "get", table, address, isStrong: true, projection: null };
}

test("requests are admitted on tables whose keys are those of the catalogue", () => {
  const guard = new RequestGuard((name) => (name === "known" ? TABLE : null));
  const cases: readonly (readonly [string, TableSchema, boolean])[] = [
    ["the table itself", TABLE, true],
    ["a copy, older or newer", { ...TABLE, version: 9, status: "UPDATING" }, true],
    ["an unknown table", { ...TABLE, name: "other" }, false],
    ["a former table of that name", { ...TABLE, id: tableId(6) }, false],
    ["another type of key", { ...TABLE, hashKey: { name: "pk", type: "N" } }, false],
    ["another name of the sort key", { ...TABLE, rangeKey: { name: "other", type: "N" } }, false],
    ["no sort key", { ...TABLE, rangeKey: null }, false],
    ["an index that the table does not have", {
      ...TABLE,
      localIndexes: [{
        name: "by-x", rangeKey: { name: "x", type: "S" }, projection: { kind: "ALL", attributes: [] },
      }],
    }, false],
  ];
  for (const [what, table, isGood] of cases) {
    const one = get(table);
    const page = {
      isForward: true, limit: null, after: null, filter: null, projection: null, isCountOnly: false, isStrong: true,
    };
    const works: Work[] = [
      one, { kind: "get-many", gets: [get(TABLE), one] },
      { kind: "scan", table, fromPoint: hashPoint(0), toPoint: HASH_POINT_END, page },
      {
        kind: "write-many",
        writes: [{ kind: "delete", table, address, condition: null, returnValues: "NONE", returnOldOnFailure: false }],
      },
    ];
    const action: TransactAction = {
      kind: "delete", table, address, condition: null, returnValues: "NONE", returnOldOnFailure: false,
    };
    works.push(
      { kind: "prepare", name: NAME, actions: [action], isWhole: false, token: null },
      { kind: "finish", id: NAME.id, table, keys: [address.key], isCommitted: true },
      { kind: "get-stable", gets: [get(TABLE), one] },
    );
    for (const work of works) assert.equal(guard.admits(work), isGood, `${what}, ${work.kind}`);
  }
  assert.ok(guard.admits({ kind: "status" }));
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { HASH_POINT_END, nodeId } from "../../base/ids.ts";
import type { TableDefinition, TableSchema } from "../../model/table-schema.ts";
import { Catalogue, tableRowRemoval } from "./catalogue.ts";
import { ClusterView } from "./cluster-view.ts";
import { embeddedNodes, planFirstRows } from "./plan-nodes.ts";
import { planCreate, planDelete, planStatus, type CreateContext } from "./plan-table.ts";

const NODES = [nodeId(1), nodeId(2), nodeId(3)];

function context(catalogue: Catalogue): CreateContext {
  return { view: new ClusterView(catalogue, () => "up"), nowMs: 1_000, uuid: () => "u", partitionsPerTable: 1 };
}

function catalogueOfThree(): Catalogue {
  const catalogue = new Catalogue();
  for (const row of planFirstRows(catalogue, embeddedNodes(NODES), NODES)) assert.equal(catalogue.apply(row), null);
  return catalogue;
}

function definition(name: string, partitionCount: number | null, deletionProtection = false): TableDefinition {
  return {
    name, hashKey: { name: "pk", type: "S" }, rangeKey: null, deletionProtection, tableClass: null, partitionCount,
    billing: { mode: "PAY_PER_REQUEST", readUnits: 0, writeUnits: 0 },
  };
}

function create(catalogue: Catalogue, wanted: TableDefinition): TableSchema {
  const plan = planCreate(catalogue, wanted, context(catalogue));
  assert.equal(plan.kind, "plan");
  if (plan.kind !== "plan") throw new Error("no plan");
  for (const row of plan.rows) assert.equal(catalogue.apply(row), null);
  return plan.table;
}

function activate(catalogue: Catalogue, table: TableSchema): void {
  for (const row of planStatus(table, "ACTIVE").rows) catalogue.apply(row);
}

test("partitions cover the hash space once, on all nodes, with ids of their own", () => {
  const catalogue = catalogueOfThree();
  const groups = new Set<number>();
  for (const count of [1, 2, 3, 7, 64]) {
    const table = create(catalogue, definition(`t${count}`, count));
    assert.equal(table.partitions.length, count);
    let at = 0;
    for (const partition of table.partitions) {
      assert.equal(partition.from, at);
      assert.ok(partition.to > partition.from);
      assert.deepEqual([...partition.replicas].sort(), [1, 2, 3]);
      at = partition.to;
      groups.add(partition.group);
    }
    assert.equal(at, HASH_POINT_END);
  }
  assert.equal(groups.size, 1 + 2 + 3 + 7 + 64);
  const first = new Set(catalogue.table("t64")?.partitions.map((partition) => partition.replicas[0]));
  assert.equal(first.size, 3, "preferred leaders are spread");
});

test("names are taken until the row is gone; ids are never used again", () => {
  const catalogue = catalogueOfThree();
  const table = create(catalogue, definition("books", null));
  assert.equal(planCreate(catalogue, definition("books", null), context(catalogue)).kind, "table-in-use");
  activate(catalogue, table);
  const deletion = planDelete(catalogue, "books");
  assert.equal(deletion.kind, "plan");
  if (deletion.kind === "plan") for (const row of deletion.rows) catalogue.apply(row);
  assert.equal(catalogue.table("books")?.status, "DELETING");
  assert.equal(planCreate(catalogue, definition("books", null), context(catalogue)).kind, "table-exists");
  catalogue.apply(tableRowRemoval("books"));
  assert.equal(catalogue.table("books"), null);
  const again = create(catalogue, definition("books", null));
  assert.ok(again.id > table.id);
  assert.ok((again.partitions[0]?.group ?? 0) > (table.partitions[0]?.group ?? 0));
});

test("deletion is refused while a table changes, is protected, or is not there", () => {
  const catalogue = catalogueOfThree();
  assert.deepEqual(planDelete(catalogue, "none"), { kind: "table-not-found", name: "none" });
  const table = create(catalogue, definition("kept", null, true));
  assert.equal(planDelete(catalogue, "kept").kind, "table-in-use");
  activate(catalogue, table);
  assert.equal(planDelete(catalogue, "kept").kind, "invalid");
});

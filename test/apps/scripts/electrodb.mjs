// ElectroDB: entities, conditions, batches, collections, indexes and transactions in one table.
import assert from "node:assert/strict";
import { Entity, Service } from "electrodb";
import { client, eventually, finish, makeTable, part } from "./kit.mjs";

const table = "electro";
const define = (hasIndex) => ({
  model: { entity: "task", version: "1", service: "work" },
  attributes: {
    team: { type: "string", required: true }, id: { type: "string", required: true }, owner: { type: "string" },
    points: { type: "number", default: 1 }, tags: { type: "set", items: "string" }, steps: { type: "list", items: { type: "string" } },
    info: { type: "map", properties: { place: { type: "string" } } },
    createdAt: { type: "number", default: () => 1, readOnly: true },
  },
  indexes: {
    byTeam: { pk: { field: "pk", composite: ["team"] }, sk: { field: "sk", composite: ["id"] }, collection: "team" },
    ...(hasIndex ? { byOwner: { index: "gsi1", pk: { field: "gsi1pk", composite: ["owner"] }, sk: { field: "gsi1sk", composite: ["points"] } } } : {}),
  },
});
const person = {
  model: { entity: "person", version: "1", service: "work" },
  attributes: { team: { type: "string", required: true }, name: { type: "string", required: true } },
  indexes: { byTeam: { pk: { field: "pk", composite: ["team"] }, sk: { field: "sk", composite: ["name"] }, collection: "team" } },
};

await part("basic", async () => {
  await makeTable(table, false);
  const Task = new Entity(define(false), { client, table });
  await Task.create({ team: "red", id: "1", tags: ["a", "b"], steps: ["x"], info: { place: "here" } }).go();
  await assert.rejects(Task.create({ team: "red", id: "1" }).go(), /conditional request failed/);
  const { data } = await Task.get({ team: "red", id: "1" }).go();
  assert.deepEqual(data, { team: "red", id: "1", points: 1, tags: ["a", "b"], steps: ["x"], info: { place: "here" }, createdAt: 1 });
  const patched = await Task.patch({ team: "red", id: "1" }).add({ points: 4, tags: ["c"] }).append({ steps: ["y"] }).data((at, op) => {
    op.set(at.info.place, "there");
  }).where(({ points }, { eq }) => eq(points, 1)).go({ response: "all_new" });
  assert.deepEqual([patched.data.points, patched.data.steps, patched.data.info], [5, ["x", "y"], { place: "there" }]);
  await assert.rejects(Task.patch({ team: "red", id: "none" }).set({ points: 2 }).go(), /conditional request failed/);
  await Task.upsert({ team: "red", id: "up", points: 9 }).go();
  const failed = await Task.put(Array.from({ length: 30 }, (_, i) => ({ team: "blue", id: String(i).padStart(2, "0"), points: i }))).go();
  assert.deepEqual(failed.unprocessed, []);
  const found = await Task.query.byTeam({ team: "blue" }).between({ id: "05" }, { id: "14" }).where(({ points }, { gt }) => gt(points, 9)).go();
  assert.deepEqual(found.data.map(({ points }) => points), [10, 11, 12, 13, 14]);
  let cursor = null;
  let count = 0;
  do {
    const page = await Task.query.byTeam({ team: "blue" }).go({ limit: 7, cursor, order: "desc" });
    count += page.data.length;
    cursor = page.cursor;
  } while (cursor !== null);
  assert.equal(count, 30);
  const got = await Task.get([{ team: "blue", id: "01" }, { team: "blue", id: "02" }, { team: "blue", id: "none" }]).go();
  assert.equal(got.data.length, 2);
  const scanned = await Task.scan.where(({ team }, { eq }) => eq(team, "blue")).go({ pages: "all" });
  assert.equal(scanned.data.length, 30);
  const Person = new Entity(person, { client, table });
  await Person.put({ team: "red", name: "Ada" }).go();
  const all = await new Service({ task: Task, person: Person }, { client, table }).collections.team({ team: "red" }).go();
  assert.deepEqual([all.data.task.length, all.data.person.length], [2, 1]);
  await Task.remove({ team: "red", id: "1" }).go();
  assert.equal((await Task.get({ team: "red", id: "1" }).go()).data, null);
});

await part("indexes", async () => {
  await makeTable(`${table}2`, true);
  const Task = new Entity(define(true), { client, table: `${table}2` });
  await Task.create({ team: "red", id: "1", owner: "ada", points: 3 }).go();
  await Task.create({ team: "blue", id: "2", owner: "ada", points: 5 }).go();
  await eventually(async () => {
    const { data } = await Task.query.byOwner({ owner: "ada" }).go();
    assert.deepEqual(data.map(({ team }) => team), ["red", "blue"]);
  });
});

await part("transactions", async () => {
  await makeTable(`${table}3`, false);
  const Task = new Entity(define(false), { client, table: `${table}3` });
  const service = new Service({ task: Task }, { client, table: `${table}3` });
  const done = await service.transaction.write(({ task }) => [
    task.create({ team: "t", id: "1" }).commit(), task.create({ team: "t", id: "2" }).commit(),
  ]).go();
  assert.equal(done.canceled, false);
  const refused = await service.transaction.write(({ task }) => [
    task.create({ team: "t", id: "3" }).commit(), task.create({ team: "t", id: "1" }).commit({ response: "all_old" }),
  ]).go();
  assert.equal(refused.canceled, true);
  assert.deepEqual(refused.data.map(({ code }) => code), ["None", "ConditionalCheckFailed"]);
  const { data } = await service.transaction.get(({ task }) => [task.get({ team: "t", id: "1" }).commit(), task.get({ team: "t", id: "3" }).commit()]).go();
  assert.deepEqual(data.map(({ item }) => item?.id ?? null), ["1", null]);
});
finish();

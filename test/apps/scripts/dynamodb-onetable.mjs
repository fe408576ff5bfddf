// OneTable: makes its table itself; models with value templates, finds, updates, batches, unique fields, transactions.
import assert from "node:assert/strict";
import { Dynamo } from "dynamodb-onetable/Dynamo";
import { Table } from "dynamodb-onetable";
import { client, eventually, finish, part } from "./kit.mjs";

function tableOf(name, hasIndex) {
  return new Table({
    name, client: new Dynamo({ client }), partial: true, logger: false,
    schema: {
      format: "onetable:1.1.0", version: "0.0.1",
      indexes: { primary: { hash: "pk", sort: "sk" }, ...(hasIndex ? { gs1: { hash: "gs1pk", sort: "gs1sk", project: "all" } } : {}) },
      models: {
        User: {
          pk: { type: String, value: "account:${account}" }, sk: { type: String, value: "user:${id}" },
          ...(hasIndex ? { gs1pk: { type: String, value: "user:" }, gs1sk: { type: String, value: "user:${name}" } } : {}),
          account: { type: String, required: true }, id: { type: String, required: true }, name: { type: String }, age: { type: Number },
          email: { type: String, unique: hasIndex }, address: { type: Object, schema: { zip: { type: Number }, town: { type: String } } },
          roles: { type: Array, items: { type: String } }, at: { type: Date },
        },
      },
      params: { isoDates: true, timestamps: true },
    },
  });
}

await part("basic", async () => {
  const table = tableOf("onetable", false);
  await table.createTable();
  await eventually(async () => assert.equal(await table.exists(), true));
  const User = table.getModel("User");
  await User.create({ account: "a", id: "1", name: "Ada", age: 36, address: { zip: 1, town: "x" }, roles: ["r"], at: new Date(5_000) });
  await assert.rejects(User.create({ account: "a", id: "1", name: "Eve" }), /Cannot create|conditional request failed/);
  const user = await User.get({ account: "a", id: "1" });
  assert.deepEqual([user.name, user.address, user.roles, user.at.getTime()], ["Ada", { zip: 1, town: "x" }, ["r"], 5_000]);
  const updated = await User.update({ account: "a", id: "1" }, { add: { age: 1 }, set: { "address.zip": 9 }, push: { roles: ["s"] }, remove: ["at"] });
  assert.deepEqual([updated.age, updated.address.zip, updated.roles, updated.at], [37, 9, ["r", "s"], undefined]);
  await assert.rejects(User.update({ account: "a", id: "none", name: "x" }, { exists: true }), /onditional|Cannot/);
  const batch = {};
  for (let i = 0; i < 20; i++) await User.create({ account: "many", id: String(i).padStart(2, "0"), age: i }, { batch });
  assert.equal(await table.batchWrite(batch), true);
  const found = await User.find({ account: "many", sk: { between: ["user:05", "user:14"] } }, { where: "${age} > {9}" });
  assert.equal(found.length, 5);
  let count = 0;
  let next;
  do {
    const page = await User.find({ account: "many" }, { limit: 6, next });
    count += page.length;
    next = page.next;
  } while (next);
  assert.equal(count, 20);
  assert.equal((await User.find({ account: "many" }, { count: true })).count, 20);
  assert.equal((await User.scan({}, { where: "${age} >= {19}" })).length, 2);
  await User.remove({ account: "a", id: "1" });
  assert.equal(await User.get({ account: "a", id: "1" }), undefined);
});

await part("indexes", async () => {
  const table = tableOf("onetable2", true);
  await table.createTable();
  const User = table.getModel("User");
  await eventually(async () => assert.equal(await table.exists(), true));
  await User.create({ account: "a", id: "1", name: "Zoe", email: "z@x" });
  await User.create({ account: "b", id: "2", name: "Ada", email: "a@x" });
  await assert.rejects(User.create({ account: "c", id: "3", name: "Eve", email: "a@x" }), /unique/);
  await eventually(async () => {
    const users = await User.find({}, { index: "gs1" });
    assert.deepEqual(users.map(({ name }) => name), ["Ada", "Zoe"]);
  });
});

await part("transactions", async () => {
  const table = tableOf("onetable3", false);
  await table.createTable();
  const User = table.getModel("User");
  const transaction = {};
  await User.create({ account: "t", id: "1", age: 1 }, { transaction });
  await User.create({ account: "t", id: "2", age: 1 }, { transaction });
  await table.transact("write", transaction);
  const refused = {};
  await User.create({ account: "t", id: "3" }, { transaction: refused });
  await User.create({ account: "t", id: "1" }, { transaction: refused });
  await assert.rejects(table.transact("write", refused));
  assert.deepEqual((await User.find({ account: "t" })).map(({ id }) => id), ["1", "2"]);
});
finish();

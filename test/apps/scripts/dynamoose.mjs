// Dynamoose: makes its tables itself; documents, queries, scans, conditions, batches, indexes and transactions.
import assert from "node:assert/strict";
import dynamoose from "dynamoose";
import { config, eventually, finish, part } from "./kit.mjs";

const db = new dynamoose.aws.ddb.DynamoDB(config);
dynamoose.aws.ddb.set(db);

function modelOf(name, index) {
  const schema = new dynamoose.Schema({
    id: { type: String, hashKey: true }, at: { type: Number, rangeKey: true }, age: Number, name: { type: String, ...(index ? { index } : {}) },
    friends: { type: Set, schema: [String] }, log: { type: Array, schema: [String] }, info: { type: Object, schema: { place: String } }, born: Date,
  }, { timestamps: true });
  return dynamoose.model(name, schema, { create: true, waitForActive: { enabled: true, check: { frequency: 50, timeout: 30_000 } } });
}

await part("basic", async () => {
  const User = modelOf("dynamoose-user");
  const born = new Date(1_000_000);
  await User.create({ id: "u", at: 1, age: 30, name: "Ada", friends: new Set(["b", "c"]), log: ["x"], info: { place: "here" }, born });
  await assert.rejects(User.create({ id: "u", at: 1 }), { name: "ConditionalCheckFailedException" });
  const user = await User.get({ id: "u", at: 1 });
  assert.deepEqual([user.age, [...user.friends].toSorted(), user.info.place, user.born.getTime()], [30, ["b", "c"], "here", 1_000_000]);
  const updated = await User.update({ id: "u", at: 1 }, { $ADD: { age: 2 }, $SET: { name: "Grace" }, $REMOVE: ["born"] });
  assert.deepEqual([updated.age, updated.name, updated.born], [32, "Grace", undefined]);
  await assert.rejects(User.update({ id: "u", at: 1 }, { age: 1 }, { condition: new dynamoose.Condition().where("age").gt(90) }),
    { name: "ConditionalCheckFailedException" });
  user.log.push("y");
  await user.save();
  assert.deepEqual((await User.get({ id: "u", at: 1 })).log, ["x", "y"]);
  await User.batchPut(Array.from({ length: 12 }, (_, i) => ({ id: "many", at: i, age: i * 10 })));
  const page = await User.query("id").eq("many").where("at").between(3, 9).filter("age").gt(50).sort("descending").exec();
  assert.deepEqual(page.map(({ at }) => at), [9, 8, 7, 6]);
  assert.equal((await User.query("id").eq("many").count().exec()).count, 12);
  const part1 = await User.query("id").eq("many").limit(5).exec();
  const part2 = await User.query("id").eq("many").startAt(part1.lastKey).exec();
  assert.equal(part1.length + part2.length, 12);
  assert.equal((await User.batchGet([{ id: "many", at: 1 }, { id: "many", at: 99 }])).length, 1);
  assert.equal((await User.scan("age").ge(100).exec()).length, 2);
  assert.equal((await User.scan().parallel(3).all().exec()).length, 13);
  await User.batchDelete([{ id: "many", at: 1 }, { id: "many", at: 2 }]);
  await User.delete({ id: "u", at: 1 });
  assert.equal(await User.get({ id: "u", at: 1 }), undefined);
});

await part("indexes", async () => {
  const User = modelOf("dynamoose-indexed", { name: "by-name", type: "global" });
  await User.create({ id: "1", at: 1, name: "Ada" });
  await User.create({ id: "2", at: 1, name: "Ada" });
  await eventually(async () => {
    assert.equal((await User.query("name").eq("Ada").using("by-name").exec()).length, 2);
  });
});

await part("transactions", async () => {
  const User = modelOf("dynamoose-transacted");
  await User.create({ id: "0", at: 0 });
  await dynamoose.transaction([User.transaction.create({ id: "1", at: 1 }), User.transaction.update({ id: "0", at: 0 }, { age: 5 })]);
  await assert.rejects(dynamoose.transaction([User.transaction.create({ id: "2", at: 1 }), User.transaction.create({ id: "1", at: 1 })]),
    { name: "TransactionCanceledException" });
  assert.equal((await User.get({ id: "0", at: 0 })).age, 5);
  assert.equal(await User.get({ id: "2", at: 1 }), undefined);
});
finish();

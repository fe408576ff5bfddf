// DynamoDB-Toolbox: schemas, commands with conditions and updates, batches, indexes and transactions.
import assert from "node:assert/strict";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import {
  BatchGetCommand, BatchGetRequest, BatchPutRequest, BatchWriteCommand, DeleteItemCommand, Entity, GetItemCommand, PutItemCommand, QueryCommand,
  ConditionCheck, GetTransaction, PutTransaction, ScanCommand, Table, UpdateItemCommand, item, list, map, number, set, string,
  $add, $append, $get, $remove, executeBatchGet, executeBatchWrite, executeTransactGet,
  executeTransactWrite,
} from "dynamodb-toolbox";
import { client, eventually, finish, makeTable, part } from "./kit.mjs";

const documentClient = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });

function entityOf(name, hasIndex) {
  const table = new Table({
    name, documentClient, partitionKey: { name: "pk", type: "string" }, sortKey: { name: "sk", type: "string" },
    ...(hasIndex ? {
      indexes: { gsi1: { type: "global", partitionKey: { name: "gsi1pk", type: "string" }, sortKey: { name: "gsi1sk", type: "string" } } },
    } : {}),
  });
  const entity = new Entity({
    name: "Pokemon", table,
    schema: item({
      pk: string().key(), sk: string().key(), level: number().default(1), kinds: set(string()).optional(), moves: list(string()).optional(),
      home: map({ town: string(), zip: number().optional() }).optional(), gsi1pk: string().optional(), gsi1sk: string().optional(),
    }),
  });
  return { table, entity };
}

await part("basic", async () => {
  await makeTable("toolbox", false);
  const { table, entity } = entityOf("toolbox", false);
  await entity.build(PutItemCommand).item({
    pk: "p", sk: "1", kinds: new Set(["fire"]), moves: ["tackle"], home: { town: "Pallet" },
  }).options({ condition: { attr: "pk", exists: false } }).send();
  await assert.rejects(
    entity.build(PutItemCommand).item({ pk: "p", sk: "1" }).options({ condition: { attr: "pk", exists: false } }).send(),
    { name: "ConditionalCheckFailedException" },
  );
  const { Attributes } = await entity.build(UpdateItemCommand).item({
    pk: "p", sk: "1", level: $add(4), kinds: $add(new Set(["water"])), moves: $append(["splash"]), home: { zip: 7 },
  }).options({ returnValues: "ALL_NEW" }).send();
  assert.deepEqual([Attributes.level, Attributes.kinds, Attributes.moves, Attributes.home],
    [5, new Set(["fire", "water"]), ["tackle", "splash"], { town: "Pallet", zip: 7 }]);
  await entity.build(UpdateItemCommand).item({ pk: "p", sk: "1", home: $remove(), level: $get("level", 9) }).send();
  const { Item } = await entity.build(GetItemCommand).key({ pk: "p", sk: "1" }).options({ consistent: true, attributes: ["level", "home"] }).send();
  assert.deepEqual([Item.level, Item.home], [5, undefined]);
  await executeBatchWrite(table.build(BatchWriteCommand).requests(
    ...Array.from({ length: 20 }, (_, i) => entity.build(BatchPutRequest).item({ pk: "q", sk: String(i).padStart(2, "0"), level: i })),
  ));
  const { Items, Count } = await table.build(QueryCommand).query({ partition: "q", range: { gte: "10" } }).entities(entity)
    .options({ filters: { Pokemon: { attr: "level", lt: 15 } }, reverse: true }).send();
  assert.deepEqual([Count, Items.map(({ level }) => level)], [5, [14, 13, 12, 11, 10]]);
  const got = await executeBatchGet(table.build(BatchGetCommand).requests(
    entity.build(BatchGetRequest).key({ pk: "q", sk: "03" }), entity.build(BatchGetRequest).key({ pk: "q", sk: "none" }),
  ));
  assert.deepEqual(got.Responses[0].map((one) => one?.level), [3, undefined]);
  const all = await table.build(ScanCommand).entities(entity).options({ maxPages: Infinity, limit: 6 }).send();
  assert.equal(all.Items.length, 21);
  const { Attributes: old } = await entity.build(DeleteItemCommand).key({ pk: "p", sk: "1" }).options({ returnValues: "ALL_OLD" }).send();
  assert.equal(old.level, 5);
});

await part("indexes", async () => {
  await makeTable("toolbox2", true);
  const { table, entity } = entityOf("toolbox2", true);
  await entity.build(PutItemCommand).item({ pk: "p", sk: "1", gsi1pk: "g", gsi1sk: "b" }).send();
  await entity.build(PutItemCommand).item({ pk: "p", sk: "2", gsi1pk: "g", gsi1sk: "a" }).send();
  await eventually(async () => {
    const { Items } = await table.build(QueryCommand).query({ index: "gsi1", partition: "g" }).entities(entity).send();
    assert.deepEqual(Items.map(({ sk }) => sk), ["2", "1"]);
  });
});

await part("transactions", async () => {
  await makeTable("toolbox3", false);
  const { entity } = entityOf("toolbox3", false);
  await executeTransactWrite(
    entity.build(PutTransaction).item({ pk: "t", sk: "1" }), entity.build(PutTransaction).item({ pk: "t", sk: "2" }),
  );
  await assert.rejects(executeTransactWrite(
    entity.build(PutTransaction).item({ pk: "t", sk: "3" }),
    entity.build(ConditionCheck).key({ pk: "t", sk: "1" }).condition({ attr: "level", gt: 5 }),
  ), { name: "TransactionCanceledException" });
  const { Responses } = await executeTransactGet(
    entity.build(GetTransaction).key({ pk: "t", sk: "2" }), entity.build(GetTransaction).key({ pk: "t", sk: "3" }),
  );
  assert.deepEqual(Responses.map(({ Item }) => Item?.sk), ["2", undefined]);
});
finish();

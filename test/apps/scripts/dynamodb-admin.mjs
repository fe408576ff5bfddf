// dynamodb-admin: its pages and what its forms do, over HTTP.
import assert from "node:assert/strict";
import { createServer } from "dynamodb-admin";
import { client, config, eventually, finish, part } from "./kit.mjs";

process.env["AWS_REGION"] = config.region;
const app = createServer({ dynamoEndpoint: config.endpoint });
const listening = await new Promise((resolve) => {
  const server = app.listen(0, "127.0.0.1", () => { resolve(server); });
});
const origin = `http://127.0.0.1:${listening.address().port}`;

async function send(method, path, body, status) {
  const response = await fetch(origin + path, {
    method, headers: { "content-type": "application/json" }, ...(body === null ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  assert.equal(response.status, status, `${method} ${path}: ${text.slice(0, 500)}`);
  return text;
}
const get = (path) => send("GET", path, null, 200);
const items = async (query) => JSON.parse(await get(`/tables/admin/items?${new URLSearchParams(query)}`)).Items;

const table = (TableName, SecondaryIndexes) => ({
  TableDefinition: {
    TableName, HashAttributeName: "id", HashAttributeType: "S", RangeAttributeName: "n", RangeAttributeType: "N", ReadCapacityUnits: 3, WriteCapacityUnits: 3,
  },
  SecondaryIndexes,
});

await part("basic", async () => {
  await send("POST", "/create-table", table("admin", []), 204);
  await eventually(async () => assert.match(await get("/api/tables"), /"ACTIVE"/));
  assert.match(await get("/"), /admin/);
  for (let n = 0; n < 30; n++) await send("PUT", "/tables/admin/add-item", { id: "x", n, text: `t${n}`, deep: { list: [1, null, true] } }, 200);
  assert.equal((await items({ pageSize: "25" })).length, 25);
  const filters = { id: { type: "S", operator: "=", value: "x" }, n: { type: "N", operator: ">", value: "26" } };
  const query = { operationType: "query", filters: JSON.stringify(filters) };
  assert.deepEqual((await items(query)).map(({ n }) => n), [27, 28, 29]);
  assert.equal((await items({ filters: JSON.stringify({ text: { type: "S", operator: "begins_with", value: "t2" } }) })).length, 11);
  assert.match(await get("/tables/admin/items/x,5"), /t5/);
  await send("PUT", "/tables/admin/items/x,5", { id: "x", n: 5, text: "changed" }, 200);
  assert.match(await get("/tables/admin/items/x,5"), /changed/);
  await send("DELETE", "/tables/admin/items/x,5", null, 204);
  await send("GET", "/tables/admin/items/x,5", null, 404);
  await get("/tables/admin");
  assert.match(await get("/tables/admin/meta"), /admin/);
  await send("DELETE", "/tables/admin/all", null, 200);
  assert.equal((await items({})).length, 0);
  await send("DELETE", "/tables/admin", null, 204);
});

await part("indexes", async () => {
  const index = {
    IndexName: "by-owner", IndexType: "global", HashAttributeName: "owner", HashAttributeType: "S", ReadCapacityUnits: 3, WriteCapacityUnits: 3,
  };
  // The table of the part before may still be going.
  await eventually(() => send("POST", "/create-table", table("admin", [index]), 204));
  await eventually(async () => assert.match(await get("/tables/admin/meta"), /by-owner/));
  await send("PUT", "/tables/admin/add-item", { id: "x", n: 1, owner: "ada" }, 200);
  await eventually(async () => {
    const filters = JSON.stringify({ owner: { type: "S", operator: "=", value: "ada" } });
    assert.equal((await items({ operationType: "query", queryableSelection: "by-owner", filters })).length, 1);
  });
  // Its time to live is not told before a table is there.
  await eventually(async () => assert.match(await get("/api/tables"), /"ACTIVE"/));
  await get("/tables/admin/ttl");
  await send("DELETE", "/tables/admin", null, 204);
});
client.destroy();
listening.close();
finish();

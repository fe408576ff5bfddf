import assert from "node:assert/strict";
import { test } from "node:test";
import {
  attributeNames, copyAttributeMap, deleteAttribute, getAttribute, hasAttribute, newAttributeMap, setAttribute,
} from "./attribute-map.ts";

const NAMES = ["a", "__proto__", "constructor", "toString", "hasOwnProperty", "0", ""];

test("any name can be set, read, replaced, copied and deleted", () => {
  for (const name of NAMES) {
    const map = newAttributeMap();
    assert.equal(getAttribute(map, name), undefined);
    assert.equal(hasAttribute(map, name), false);
    setAttribute(map, name, { S: "1" });
    setAttribute(map, name, { S: "2" });
    assert.deepEqual(getAttribute(map, name), { S: "2" });
    assert.deepEqual(attributeNames(map), [name]);
    assert.equal(Object.getPrototypeOf(map), Object.prototype);
    assert.equal(JSON.stringify(map), `{${JSON.stringify(name)}:{"S":"2"}}`);
    const copy = copyAttributeMap(map);
    deleteAttribute(map, name);
    assert.equal(getAttribute(map, name), undefined);
    assert.deepEqual(attributeNames(map), []);
    assert.deepEqual(getAttribute(copy, name), { S: "2" });
    assert.equal(Object.getPrototypeOf(copy), Object.prototype);
  }
});

test("maps from JSON.parse hold their own names only", () => {
  const map = JSON.parse('{"__proto__":{"S":"a"}}');
  assert.deepEqual(getAttribute(map, "__proto__"), { S: "a" });
  assert.equal(getAttribute(map, "S"), undefined);
  assert.equal(getAttribute(map, "valueOf"), undefined);
});

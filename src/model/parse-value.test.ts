import assert from "node:assert/strict";
import { test } from "node:test";
import { Prng } from "../base/prng.ts";
import { mapSerializationProblem, parseAttributeMap, parseAttributeValue } from "./parse-value.ts";
import { randomMap } from "./random-value.ts";

const INVALID = "One or more parameter values were invalid: ";

function parsed(json: string): unknown {
  const result = parseAttributeValue(JSON.parse(json));
  assert.ok(result.ok, json);
  return result.value;
}

/** `levels` lists around a string. */
function nested(levels: number): string {
  return `${'{"L":['.repeat(levels)}{"S":"x"}${"]}".repeat(levels)}`;
}

test("canonical values come back as the same objects", () => {
  for (const json of [
    '{"S":""}', '{"S":"é😀"}', '{"N":"12"}', '{"N":"-0.5"}', '{"B":""}', '{"B":"YQ=="}', '{"BOOL":false}',
    '{"NULL":true}', '{"SS":["a",""]}', '{"NS":["1","2"]}', '{"BS":["YQ==",""]}', '{"L":[]}', '{"M":{}}',
    '{"L":[{"S":"a"},{"L":[{"N":"1"}]}]}', '{"M":{"__proto__":{"S":"a"},"constructor":{"M":{"0":{"N":"1"}}}}}',
  ]) {
    const input = JSON.parse(json);
    const result = parseAttributeValue(input);
    assert.ok(result.ok);
    assert.equal(result.value, input, json);
    assert.equal(JSON.stringify(input), json, "the input is not changed");
  }
});

test("what is not canonical is copied, and only that", () => {
  const input = JSON.parse('{"M":{"a":{"S":"x"},"n":{"N":"+1.50"},"__proto__":{"N":"1e2"},"z":{"L":[{"N":"01"}]}}}');
  const before = JSON.stringify(input);
  const result = parseAttributeValue(input);
  assert.ok(result.ok && "M" in result.value);
  assert.equal(JSON.stringify(result.value),
    '{"M":{"a":{"S":"x"},"n":{"N":"1.5"},"__proto__":{"N":"100"},"z":{"L":[{"N":"1"}]}}}');
  assert.equal(Object.getPrototypeOf(result.value.M), Object.prototype);
  assert.equal(result.value.M["a"], input.M.a);
  assert.equal(JSON.stringify(input), before, "the input is not changed");
  assert.deepEqual(parsed('{"NS":["1","02","3e0"]}'), { NS: ["1", "2", "3"] });
});

test("null and unknown fields are passed over", () => {
  assert.deepEqual(parsed('{"S":"a","N":null}'), { S: "a" });
  assert.deepEqual(parsed('{"X":{"deep":[1]},"N":"1"}'), { N: "1" });
  assert.deepEqual(parsed('{"toString":1,"__proto__":{"S":"b"},"BOOL":true}'), { BOOL: true });
});

test("lone surrogates become U+FFFD in values, members and names", () => {
  assert.deepEqual(parsed('{"S":"a\\ud800"}'), { S: "a\ufffd" });
  assert.deepEqual(parsed('{"SS":["\\udc00","b"]}'), { SS: ["\ufffd", "b"] });
  assert.deepEqual(parsed('{"M":{"x":{"S":"1"},"\\ud800k":{"S":"v"}}}'),
    { M: { x: { S: "1" }, "\ufffdk": { S: "v" } } });
});

test("validation problems", () => {
  const cases: [string, string][] = [
    ["{}", "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"],
    ["null", "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"],
    ['{"S":null}', "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"],
    ['{"X":"a"}', "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"],
    ['{"__proto__":{"S":"a"}}',
      "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"],
    ['{"L":[null]}', "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"],
    ['{"M":{"a":{}}}', "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"],
    ['{"S":"a","N":"1"}',
      "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"],
    ['{"NULL":false}', `${INVALID}Null attribute value types must have the value of true`],
    ['{"N":""}', "The parameter cannot be converted to a numeric value"],
    ['{"N":"abc"}', "The parameter cannot be converted to a numeric value: abc"],
    ['{"NS":["1","b"]}', "The parameter cannot be converted to a numeric value: b"],
    [`{"N":"${"1".repeat(39)}"}`, "Attempting to store more than 38 significant digits in a Number"],
    ['{"N":"1e126"}', "Number overflow. Attempting to store a number with magnitude larger than supported range"],
    ['{"N":"1e-131"}', "Number underflow. Attempting to store a number with magnitude smaller than supported range"],
    ['{"SS":[]}', `${INVALID}An string set  may not be empty`],
    ['{"NS":[]}', `${INVALID}An number set  may not be empty`],
    ['{"BS":[]}', `${INVALID}Binary sets should not be empty`],
    ['{"SS":["a","b","a"]}', `${INVALID}Input collection [a, b, a] contains duplicates.`],
    ['{"NS":["1","1.0"]}', "Input collection contains duplicates"],
    ['{"BS":["YQ==","YQ=="]}', `${INVALID}Input collection [YQ==, YQ==]of type BS contains duplicates.`],
    ['{"M":{"":{"S":"a"}}}', `${INVALID}An attribute name may not be empty`],
    [`{"M":{"${"é".repeat(32_768)}":{"S":"a"}}}`,
      `${INVALID}Attribute name is too large, must be less than 65536 bytes`],
    [nested(33), "Nesting Levels have exceeded supported limits"],
    [nested(100_000), "Nesting Levels have exceeded supported limits"],
    ['{"M":{"a":'.repeat(33) + '{"S":"a"}' + "}}".repeat(33), "Nesting Levels have exceeded supported limits"],
  ];
  for (const [json, message] of cases) {
    const result = parseAttributeValue(JSON.parse(json));
    assert.deepEqual(result, { ok: false, problem: { kind: "validation", message } }, json.slice(0, 100));
  }
  assert.ok(parseAttributeValue(JSON.parse(nested(32))).ok);
});

test("serialization problems", () => {
  const structure = "Start of structure or map found where not expected";
  const cases: [string, string][] = [
    ["1", "Unexpected value type in payload"], ['"a"', "Unexpected value type in payload"],
    ["[]", "Unrecognized collection type class com.amazonaws.dynamodb.v20120810.AttributeValue"],
    ['{"S":1}', "NUMBER_VALUE cannot be converted to String"],
    ['{"S":1.5}', "DECIMAL_VALUE cannot be converted to String"],
    ['{"S":true}', "TRUE_VALUE cannot be converted to String"],
    ['{"S":false}', "FALSE_VALUE cannot be converted to String"],
    ['{"S":["a"]}', "Unrecognized collection type class java.lang.String"], ['{"S":{}}', structure],
    ['{"N":5}', "NUMBER_VALUE cannot be converted to String"],
    ['{"B":1}', "only base-64-encoded strings are convertible to bytes"],
    ['{"B":[]}', "Unrecognized collection type class java.nio.ByteBuffer"],
    ['{"B":"abc"}', "Base64 encoded length is expected a multiple of 4 bytes but found: 3"],
    ['{"B":"a=bc"}', "Invalid Base64 character: '='"],
    ['{"B":"YR=="}', "Invalid last non-pad Base64 character dectected"],
    ['{"BOOL":1}', "NUMBER_VALUE cannot be converted to Boolean"],
    ['{"BOOL":"true"}', "Unexpected token received from parser"],
    ['{"NULL":[]}', "Unrecognized collection type class java.lang.Boolean"],
    ['{"SS":"a"}', "Unexpected field type"], ['{"SS":{}}', structure],
    ['{"SS":["a",1]}', "NUMBER_VALUE cannot be converted to String"],
    ['{"L":{}}', structure], ['{"L":5}', "Unexpected field type"], ['{"M":5}', "Unexpected field type"],
    ['{"M":[]}',
      "Unrecognized collection type java.util.Map<java.lang.String, com.amazonaws.dynamodb.v20120810.AttributeValue>"],
  ];
  for (const [json, message] of cases) {
    const problem = { kind: "serialization", message };
    assert.deepEqual(parseAttributeValue(JSON.parse(json)), { ok: false, problem }, json);
    // Wherever it stands, and whatever validation problem stands before it.
    const hidden = JSON.parse(`{"a":{"N":"x"},"b":{"L":[{"SS":[]},{"M":{"c":{"NS":["1","1"]},"d":${json}}}]},"e":{}}`);
    assert.deepEqual(parseAttributeMap(hidden), { ok: false, problem }, json);
    assert.deepEqual(mapSerializationProblem(hidden), problem, json);
  }
  assert.equal(mapSerializationProblem(JSON.parse('{"a":{"N":"x"},"b":{},"c":{"N":"01"}}')), null);
});

test("maps: of the wrong type, and random ones", () => {
  assert.ok(!parseAttributeMap([]).ok);
  assert.ok(!parseAttributeMap("a").ok);
  assert.ok(!parseAttributeMap(null).ok);
  const seed = Date.now();
  const prng = new Prng(seed);
  for (let round = 0; round < 3000; round++) {
    const json = JSON.stringify(randomMap(prng, 4));
    const input = JSON.parse(json);
    const result = parseAttributeMap(input);
    // A generated name may be empty nowhere; everything else generated is canonical.
    assert.ok(result.ok && result.value === input, `seed ${seed}: ${json}`);
  }
});

test("a value that is not canonical at the bottom of the deepest nesting is parsed once per level", () => {
  const levels = 31;
  const json = `{"M":{"a":${'{"M":{"a":'.repeat(levels)}{"N":"01"}${"}}".repeat(levels)}}}`;
  assert.equal(JSON.stringify(parsed(json)), json.replace("01", "1")); // 2^31 steps if it doubled
});

test("many members: duplicates are found in large sets too", () => {
  const members = Array.from({ length: 5000 }, (_, i) => String(i));
  assert.ok(parseAttributeValue({ NS: members }).ok);
  assert.ok(!parseAttributeValue({ NS: [...members, "4999.0"] }).ok);
  assert.ok(!parseAttributeValue({ SS: [...members, "0"] }).ok);
});

// PutItem, GetItem and DeleteItem: keys, return values, names and values of expressions, the order of checks.
import { N, S, answers, refuses, type Suite } from "./suite.ts";
import type { Target } from "./target.ts";

const HASH = { TableName: "$ihash" };
const RANGE = { TableName: "$irange" };
const EMPTY_KEY = "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty ";
const MISMATCH = "The provided key element does not match the schema";
const INVALID = "One or more parameter values were invalid: ";
const LENGTH_MIN = "failed to satisfy constraint: Member must have length greater than or equal to";
const NOT_NULL = "failed to satisfy constraint: Member must not be null";
const ENUM = "failed to satisfy constraint: Member must satisfy enum value set:";
const PATTERN = "failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+";

async function setup(target: Target): Promise<void> {
  await target.table("ihash", "a:S");
  await target.table("irange", "a:S", "b:N");
  await target.table("ibin", "a:B", "b:B");
}

const structure = [
  ...refuses("structure", [
    ["PutItem", {}, `2 validation errors detected: Value null at 'tableName' ${NOT_NULL}; Value null at 'item' ${NOT_NULL}`],
    ["GetItem", {}, `2 validation errors detected: Value null at 'tableName' ${NOT_NULL}; Value null at 'key' ${NOT_NULL}`],
    ["DeleteItem", {}, `2 validation errors detected: Value null at 'tableName' ${NOT_NULL}; Value null at 'key' ${NOT_NULL}`],
    ["GetItem", { TableName: "ab", Key: {} }, `1 validation error detected: Value 'ab' at 'tableName' ${LENGTH_MIN} 3`],
    ["PutItem", { TableName: "a;b", Item: {} }, `1 validation error detected: Value 'a;b' at 'tableName' ${PATTERN}`],
    ["PutItem", { ...HASH, Item: { a: S("x") }, ReturnValues: "FOO" },
      `1 validation error detected: Value 'FOO' at 'returnValues' ${ENUM} [ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]`],
    ["PutItem", { ...HASH, Item: { a: S("x") }, ReturnConsumedCapacity: "FOO" },
      `1 validation error detected: Value 'FOO' at 'returnConsumedCapacity' ${ENUM} [INDEXES, TOTAL, NONE]`],
    ["PutItem", { ...HASH, Item: { a: S("x") }, ReturnItemCollectionMetrics: "FOO" },
      `1 validation error detected: Value 'FOO' at 'returnItemCollectionMetrics' ${ENUM} [SIZE, NONE]`],
    ["PutItem", { ...HASH, Item: { a: S("x") }, ReturnValuesOnConditionCheckFailure: "FOO" },
      `1 validation error detected: Value 'FOO' at 'returnValuesOnConditionCheckFailure' ${ENUM} [ALL_OLD, NONE]`],
    ["GetItem", { ...HASH, Key: { a: S("x") }, AttributesToGet: [] },
      `1 validation error detected: Value '[]' at 'attributesToGet' ${LENGTH_MIN} 1`],
  ]),
  ...refuses("JSON types", [
    ["GetItem", { ...HASH, Key: { a: S("x") }, ConsistentRead: "yes" }, "Unexpected token received from parser", "SerializationException"],
    ["GetItem", { ...HASH, Key: "x" }, "Unexpected field type", "SerializationException"],
    ["GetItem", { TableName: 1, Key: {} }, "NUMBER_VALUE cannot be converted to String", "SerializationException"],
    ["PutItem", { ...HASH, Item: { a: { S: 1 } } }, "NUMBER_VALUE cannot be converted to String", "SerializationException"],
    ["PutItem", { ...HASH, Item: { a: { S: true } } }, "TRUE_VALUE cannot be converted to String", "SerializationException"],
    ["PutItem", "{", null, "SerializationException"],
  ]),
];

const keys = [
  ...refuses("missing table", [
    ["PutItem", { TableName: "$nope", Item: { a: S("x") } }, "Requested resource not found", "ResourceNotFoundException"],
    ["GetItem", { TableName: "$nope", Key: { a: S("x") } }, "Requested resource not found", "ResourceNotFoundException"],
    ["DeleteItem", { TableName: "$nope", Key: { a: S("x") } }, "Requested resource not found", "ResourceNotFoundException"],
  ]),
  ...refuses("key of an item", [
    ["PutItem", { ...HASH, Item: {} }, `${INVALID}Missing the key a in the item`],
    ["PutItem", { ...RANGE, Item: { a: S("x") } }, `${INVALID}Missing the key b in the item`],
    ["PutItem", { ...HASH, Item: { a: N(1) } }, `${INVALID}Type mismatch for key a expected: S actual: N`],
    ["PutItem", { ...RANGE, Item: { a: S("x"), b: S("1") } }, `${INVALID}Type mismatch for key b expected: N actual: S`],
    ["PutItem", { ...HASH, Item: { a: { NULL: true } } }, `${INVALID}Type mismatch for key a expected: S actual: NULL`],
    ["PutItem", { ...HASH, Item: { a: S("") } }, `${EMPTY_KEY}string value. Key: a`],
    ["PutItem", { TableName: "$ibin", Item: { a: { B: "" }, b: { B: "AA==" } } }, `${EMPTY_KEY}binary value. Key: a`],
    ["PutItem", { TableName: "$ibin", Item: { a: { B: "AA==" }, b: { B: "" } } }, `${EMPTY_KEY}binary value. Key: b`],
  ]),
  ...refuses("key of a request", [
    ["GetItem", { ...HASH, Key: {} }, MISMATCH],
    ["GetItem", { ...HASH, Key: { b: S("x") } }, MISMATCH],
    ["GetItem", { ...HASH, Key: { a: N(1) } }, MISMATCH],
    ["GetItem", { ...HASH, Key: { a: S("x"), b: S("y") } }, MISMATCH],
    ["GetItem", { ...RANGE, Key: { a: S("x") } }, MISMATCH],
    ["DeleteItem", { ...RANGE, Key: { a: S("x") } }, MISMATCH],
    ["DeleteItem", { ...HASH, Key: { a: { BOOL: true } } }, MISMATCH],
    ["GetItem", { ...HASH, Key: { a: S("") } }, `${EMPTY_KEY}string value. Key: a`],
    ["DeleteItem", { ...HASH, Key: { a: S("") } }, `${EMPTY_KEY}string value. Key: a`],
  ]),
];

const placeholders = refuses("placeholders", [
  ["PutItem", { ...HASH, Item: { a: S("x") }, ExpressionAttributeNames: { "#a": "a" } },
    "ExpressionAttributeNames can only be specified when using expressions"],
  ["PutItem", { ...HASH, Item: { a: S("x") }, ExpressionAttributeValues: { ":a": S("a") } },
    "ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null"],
  ["PutItem", { ...HASH, Item: { a: S("x") }, ConditionExpression: "attribute_exists(a)", ExpressionAttributeNames: {} },
    "ExpressionAttributeNames must not be empty"],
  ["PutItem", { ...HASH, Item: { a: S("x") }, ConditionExpression: "attribute_exists(a)", ExpressionAttributeValues: {} },
    "ExpressionAttributeValues must not be empty"],
  ["PutItem", { ...HASH, Item: { a: S("x") }, ConditionExpression: "attribute_exists(a)", ExpressionAttributeNames: { a: "a" } },
    'ExpressionAttributeNames contains invalid key: Syntax error; key: "a"'],
  ["PutItem", { ...HASH, Item: { a: S("x") }, ConditionExpression: "attribute_exists(a)", ExpressionAttributeValues: { a: S("a") } },
    'ExpressionAttributeValues contains invalid key: Syntax error; key: "a"'],
  ["PutItem", { ...HASH, Item: { a: S("x") }, ConditionExpression: "attribute_exists(a)", ExpressionAttributeNames: { "#a": "a" } },
    "Value provided in ExpressionAttributeNames unused in expressions: keys: {#a}"],
  ["PutItem", { ...HASH, Item: { a: S("x") }, ConditionExpression: "attribute_exists(a)", ExpressionAttributeValues: { ":a": S("a") } },
    "Value provided in ExpressionAttributeValues unused in expressions: keys: {:a}"],
  ["GetItem", { ...HASH, Key: { a: S("x") }, ProjectionExpression: "b", ExpressionAttributeNames: { "#x": "x" } },
    "Value provided in ExpressionAttributeNames unused in expressions: keys: {#x}"],
  ["PutItem", { ...HASH, Item: { a: S("x") }, ConditionExpression: "a = :v", ExpressionAttributeValues: { ":v": { N: "abc" } } },
    "ExpressionAttributeValues contains invalid value: The parameter cannot be converted to a numeric value: abc for key :v"],
  ["PutItem", { ...HASH, Item: { a: S("x") }, ConditionExpression: "a = :v", ExpressionAttributeValues: { ":v": {} } },
    "ExpressionAttributeValues contains invalid value: Supplied AttributeValue is empty, must contain exactly one of the supported "
    + "datatypes for key :v"],
  ["PutItem", { ...HASH, Item: { a: S("x") }, ReturnValues: "ALL_NEW" }, "ReturnValues can only be ALL_OLD or NONE"],
  ["PutItem", { ...HASH, Item: { a: S("x") }, ReturnValues: "UPDATED_OLD" }, "ReturnValues can only be ALL_OLD or NONE"],
  ["DeleteItem", { ...HASH, Key: { a: S("x") }, ReturnValues: "ALL_NEW" }, "ReturnValues can only be ALL_OLD or NONE"],
  ["DeleteItem", { ...HASH, Key: { a: S("x") }, ReturnValues: "UPDATED_NEW" }, "ReturnValues can only be ALL_OLD or NONE"],
]);

const projections = [
  ...refuses("projection", [
    ["GetItem", { ...HASH, Key: { a: S("x") }, ProjectionExpression: "" }, "Invalid ProjectionExpression: The expression can not be empty;"],
    ["GetItem", { ...HASH, Key: { a: S("x") }, ProjectionExpression: "b, b" },
      "Invalid ProjectionExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; "
      + "path one: [b], path two: [b]"],
    ["GetItem", { ...HASH, Key: { a: S("x") }, ProjectionExpression: "b, b.c" },
      "Invalid ProjectionExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; "
      + "path one: [b], path two: [b, c]"],
    ["GetItem", { ...HASH, Key: { a: S("x") }, ProjectionExpression: "b.c, b[1]" },
      "Invalid ProjectionExpression: Two document paths conflict with each other; must remove or rewrite one of these paths; "
      + "path one: [b, c], path two: [b, [1]]"],
    ["GetItem", { ...HASH, Key: { a: S("x") }, ProjectionExpression: "b c" },
      'Invalid ProjectionExpression: Syntax error; token: "c", near: "b c"'],
    ["GetItem", { ...HASH, Key: { a: S("x") }, ProjectionExpression: "status" },
      "Invalid ProjectionExpression: Attribute name is a reserved keyword; reserved keyword: status"],
    ["GetItem", { ...HASH, Key: { a: S("x") }, ProjectionExpression: "#b" },
      "Invalid ProjectionExpression: An expression attribute name used in the document path is not defined; attribute name: #b"],
  ]),
  answers("GetItem", "projects nested attributes", [
    ["PutItem", {
      ...HASH, Item: { a: S("proj"), m: { M: { x: N(1), y: { L: [S("p"), S("q"), S("r")] } } }, l: { L: [N(1), N(2), N(3)] }, z: S("z") },
    }, {}],
    ["GetItem", { ...HASH, Key: { a: S("proj") }, ProjectionExpression: "m.y[1], l[0], l[2], m.nope, q" },
      { Item: { m: { M: { y: { L: [S("q")] } } }, l: { L: [N(1), N(3)] } } }],
    ["GetItem", { ...HASH, Key: { a: S("proj") }, ProjectionExpression: "#m.#x", ExpressionAttributeNames: { "#m": "m", "#x": "x" } },
      { Item: { m: { M: { x: N(1) } } } }],
    ["GetItem", { ...HASH, Key: { a: S("proj") }, ProjectionExpression: "nope" }, { Item: {} }],
    ["GetItem", { ...HASH, Key: { a: S("proj") }, ProjectionExpression: "l[7]" }, { Item: {} }],
    ["GetItem", { ...HASH, Key: { a: S("proj-absent") }, ProjectionExpression: "l" }, { Item: undefined }],
  ]),
];

const reading = [
  answers("PutItem", "replaces the whole item, and gives the old one when asked", [
    ["PutItem", { ...HASH, Item: { a: S("put"), x: N(1) }, ReturnValues: "ALL_OLD" }, { Attributes: undefined }],
    ["PutItem", { ...HASH, Item: { a: S("put"), y: N(2) }, ReturnValues: "ALL_OLD" }, { Attributes: { a: S("put"), x: N(1) } }],
    ["PutItem", { ...HASH, Item: { a: S("put"), z: N(3) } }, { Attributes: undefined, ConsumedCapacity: undefined }],
    ["GetItem", { ...HASH, Key: { a: S("put") }, ConsistentRead: true }, { Item: { a: S("put"), z: N(3) } }],
  ]),
  answers("GetItem", "of an absent item has no Item", [["GetItem", { ...HASH, Key: { a: S("absent") } }, { Item: undefined }]]),
  answers("DeleteItem", "gives the old item; deleting again is no error", [
    ["PutItem", { ...HASH, Item: { a: S("del"), x: N(1) } }, {}],
    ["DeleteItem", { ...HASH, Key: { a: S("del") }, ReturnValues: "ALL_OLD" }, { Attributes: { a: S("del"), x: N(1) } }],
    ["DeleteItem", { ...HASH, Key: { a: S("del") }, ReturnValues: "ALL_OLD" }, { Attributes: undefined }],
    ["DeleteItem", { ...HASH, Key: { a: S("del") } }, { Attributes: undefined }],
  ]),
  answers("GetItem", "numbers are one key however they are written", [
    ["PutItem", { ...RANGE, Item: { a: S("num"), b: N("1.50"), x: S("v") } }, {}],
    ["GetItem", { ...RANGE, Key: { a: S("num"), b: N("15e-1") } }, { Item: { a: S("num"), b: N("1.5"), x: S("v") } }],
    ["PutItem", { ...RANGE, Item: { a: S("num"), b: N("-0") } }, {}],
    ["GetItem", { ...RANGE, Key: { a: S("num"), b: N("0.00") } }, { Item: { a: S("num"), b: N("0") } }],
  ]),
];

export const items: Suite = {
  name: "items", setup, cases: [...structure, ...keys, ...placeholders, ...projections, ...reading],
};

// The registry against the model that the installed SDK carries: every operation, every parameter and what is in it.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as sdk from "@aws-sdk/client-dynamodb";
import { REGISTRY } from "../operations.ts";
import type { Shape, StructureShape } from "../validate/shape.ts";

/** A structure, list or map of the SDK's schemas: `[kind, namespace, name, …]`; scalars are numbers. */
type Schema = number | readonly unknown[] | (() => Schema);
const LIST = 1;
const MAP = 2;
const STRUCTURE = 3;

const schemas = sdk as unknown as Readonly<Record<string, Schema | undefined>>;
const operations = Object.keys(sdk).filter((name) => name.endsWith("Command") && name !== "$Command")
  .map((name) => name.slice(0, -"Command".length)).sort();

function open(schema: Schema): Schema {
  const schemaNow = typeof schema === "function" ? schema() : schema;
  // A schema with traits of its own: [schema, traits].
  return Array.isArray(schemaNow) && (typeof schemaNow[0] !== "number" || typeof schemaNow[1] !== "string")
    ? open(schemaNow[0] as Schema) : schemaNow;
}

/** Required here by DynamoDB, by the SDK only said to be. */
const ALSO_REQUIRED: readonly string[] = ["CreateTable.AttributeDefinitions", "CreateTable.KeySchema"];
/** Required by the SDK; here they have texts of their own. */
const TOLD_OTHERWISE = /\.Tags\[\]\.(?:Key|Value)$/;

function differences(path: string, shape: Shape, schema: Schema): string[] {
  const known = open(schema);
  if (!Array.isArray(known)) return shape.kind === "structure" ? [`${path}: a structure here`] : [];
  const kind: unknown = known[0];
  if (kind === LIST && shape.kind === "list") return differences(`${path}[]`, shape.of, known[4] as Schema);
  if (kind === MAP && shape.kind === "map") return differences(`${path}{}`, shape.of, known[5] as Schema);
  if (kind === MAP || kind === LIST) return ["item", "values"].includes(shape.kind) ? [] : [`${path}: ${shape.kind} here`];
  if (kind === STRUCTURE) {
    return shape.kind === "structure" ? structureDifferences(path, shape, known as readonly unknown[]) : [`${path}: ${shape.kind} here`];
  }
  return [];
}

function structureDifferences(path: string, shape: StructureShape, schema: readonly unknown[]): string[] {
  const [, , , , names, members, requiredCount] = schema as readonly [
    number, string, string, unknown, readonly string[], readonly Schema[], number | undefined,
  ];
  const wrong = shape.members.filter(({ name }) => !names.includes(name)).map(({ name }) => `${path}.${name}: unknown to the SDK`);
  names.forEach((name, i) => {
    const at = `${path}.${name}`;
    const member = shape.members.find((one) => one.name === name);
    if (member === undefined) {
      wrong.push(`${at}: missing`);
      return;
    }
    const isRequired = i < (requiredCount ?? 0);
    if (member.isRequired !== isRequired && !ALSO_REQUIRED.includes(at) && !TOLD_OTHERWISE.test(at)) wrong.push(`${at}: required?`);
    wrong.push(...differences(at, member.shape, members[i] as Schema));
  });
  return wrong;
}

test("every operation and every parameter of the SDK's model is in the registry", () => {
  assert.ok(operations.length >= 62);
  const wrong: string[] = [];
  for (const name of operations) {
    const entry = REGISTRY.get(`DynamoDB_20120810.${name}`);
    const schema = schemas[`${name}$`] as readonly unknown[];
    if (entry === undefined) wrong.push(`${name}: missing`);
    else wrong.push(...differences(name, entry.handler.shape, schema[4] as Schema));
  }
  assert.deepEqual(wrong, []);
});

test("the registry has nothing that the SDK does not know, and speaks of parameters that are there", () => {
  for (const [target, { handler, parameters }] of REGISTRY) {
    const [service, name = ""] = target.split(".");
    assert.ok(service === "DynamoDBStreams_20120810" || operations.includes(name), target);
    const known = handler.shape.members.map((member) => member.name);
    for (const parameter of Object.keys(parameters)) assert.ok(known.includes(parameter), `${target}: ${parameter}`);
  }
  const streams = [...REGISTRY.keys()].filter((target) => target.startsWith("DynamoDBStreams_20120810."));
  assert.deepEqual(streams.map((target) => target.split(".")[1]).sort(), ["DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"]);
});

test("every enumeration has the members of the SDK's model, in the order DynamoDB tells them in", () => {
  const known = new Set<string>();
  for (const value of Object.values(sdk)) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) continue;
    const members = Object.values(value as object);
    if (members.every((member) => typeof member === "string")) known.add(members.sort().join());
  }
  const seen = new Set<string>();
  for (const { handler } of REGISTRY.values()) collect(handler.shape, seen);
  assert.ok(seen.size > 20);
  // Of the streams, whose SDK is another.
  const elsewhere = ["AFTER_SEQUENCE_NUMBER,AT_SEQUENCE_NUMBER,LATEST,TRIM_HORIZON", "CHILD_SHARDS"];
  for (const list of seen) assert.ok(known.has(list.split(",").sort().join()) || elsewhere.includes(list.split(",").sort().join()), list);
  // As DynamoDB and Kinesis are known to tell them.
  for (const list of [
    "B,N,S", "HASH,RANGE", "INDEXES,TOTAL,NONE", "SIZE,NONE", "ALL_NEW,UPDATED_OLD,ALL_OLD,NONE,UPDATED_NEW",
    "SPECIFIC_ATTRIBUTES,COUNT,ALL_ATTRIBUTES,ALL_PROJECTED_ATTRIBUTES", "PROVISIONED,PAY_PER_REQUEST", "ADD,DELETE,PUT",
    "IN,NULL,BETWEEN,LT,NOT_CONTAINS,EQ,GT,NOT_NULL,NE,LE,BEGINS_WITH,GE,CONTAINS",
    "AFTER_SEQUENCE_NUMBER,LATEST,AT_SEQUENCE_NUMBER,TRIM_HORIZON",
  ]) assert.ok(seen.has(list), list);
});

function collect(shape: Shape, seen: Set<string>): void {
  switch (shape.kind) {
    case "string":
      if (shape.oneOf !== null) seen.add(shape.oneOf.join());
      return;
    case "list": case "map":
      collect(shape.of, seen);
      return;
    case "structure":
      for (const member of shape.members) collect(member.shape, seen);
      return;
    default:
  }
}

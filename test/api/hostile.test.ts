// Requests of random sense and nonsense to a whole cluster: whatever is sent is answered 200 or 400 in well-formed
// words, and the cluster goes on serving. (src/roles/api/hostile.test.ts asks the same of the API role alone.)
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Prng } from "../../src/base/prng.ts";
import { type Answer, Server } from "./kit.ts";

const SEED: number = Number(process.env["STATOR_TEST_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
/** Some seconds; STATOR_HOSTILE_REQUESTS asks for more. */
const REQUESTS: number = Number(process.env["STATOR_HOSTILE_REQUESTS"] ?? 2_500);

let server: Server;
before(async () => {
  server = await Server.start();
  const range = (name: string): unknown => [{ AttributeName: "a", KeyType: "HASH" }, { AttributeName: name, KeyType: "RANGE" }];
  await server.ok("CreateTable", {
    TableName: "main", BillingMode: "PAY_PER_REQUEST", KeySchema: range("b"),
    AttributeDefinitions: [["a", "S"], ["b", "N"], ["c", "S"], ["d", "B"], ["w", "N"]]
      .map(([AttributeName, AttributeType]) => ({ AttributeName, AttributeType })),
    LocalSecondaryIndexes: [
      { IndexName: "by-c", KeySchema: range("c"), Projection: { ProjectionType: "KEYS_ONLY" } },
      { IndexName: "by-d", KeySchema: range("d"), Projection: { ProjectionType: "ALL" } },
    ],
    GlobalSecondaryIndexes: [{
      IndexName: "by-w", KeySchema: [{ AttributeName: "c", KeyType: "HASH" }, { AttributeName: "w", KeyType: "RANGE" }],
      Projection: { ProjectionType: "INCLUDE", NonKeyAttributes: ["v"] },
    }],
    StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
  });
  await server.table("hash", "a:S");
});
after(async () => {
  await server.stop();
});

const OPERATIONS = [
  "PutItem", "UpdateItem", "DeleteItem", "GetItem", "Query", "Scan", "BatchGetItem", "BatchWriteItem", "ExecuteStatement", "BatchExecuteStatement",
  "TransactWriteItems", "TransactGetItems",
];
const NAMES = ["a", "b", "c", "d", "v", "w", "l", "m", "#n", "#l", "zz"];
const VALUES = [":s", ":n", ":l", ":m", ":ss", ":ns", ":b", ":t", ":z", ":u"];
const NUMBERS = ["0", "1", "-1", "5", "1e125", "-9e125", "1e-130", "99999999999999999999999999999999999999", "0.1", "1e126", "x", ""];
const TEXTS = ["", "p", "q", "x", "ü", "😀", "\u0000", "a".repeat(1100), "a.b", "__proto__", "constructor", "-1"];

class Source {
  readonly #prng: Prng;
  constructor(seed: number) {
    this.#prng = new Prng(seed);
  }
  below(n: number): number {
    return this.#prng.below(n);
  }
  often(percent: number): boolean {
    return this.below(100) < percent;
  }
  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }
  list<T>(max: number, make: () => T): T[] {
    return Array.from({ length: this.below(max + 1) }, make);
  }

  value(depth = 0): unknown {
    const kinds = depth > 3 ? 7 : 10;
    switch (this.below(kinds)) {
      case 0: case 1: return { S: this.of(TEXTS) };
      case 2: case 3: return { N: this.of(NUMBERS) };
      case 4: return this.of([{ BOOL: true }, { NULL: true }, { NULL: false }, {}, { S: "x", N: "1" }]);
      case 5: return this.of([{ B: "AAEC" }, { B: "" }, { BS: ["AA==", "AQ=="] }, { B: "!" }]);
      case 6: return this.of([{ SS: ["p", "q"] }, { NS: ["1", "5"] }, { SS: [] }, { NS: ["1", "1.0"] }]);
      case 7: return { L: this.list(3, () => this.value(depth + 1)) };
      case 8: return { M: Object.fromEntries(this.list(3, () => [this.of(NAMES), this.value(depth + 1)])) };
      default: {
        let value = this.value(depth + 1);
        for (let i = this.below(34); i > 0; i--) value = this.often(50) ? { L: [value] } : { M: { k: value } };
        return value;
      }
    }
  }

  key(): Record<string, unknown> {
    if (this.often(4)) return { a: this.value(), b: this.value() };
    return { a: { S: this.of(["p", "q", "r"]) }, b: { N: String(this.below(4)) } };
  }
  item(): unknown {
    const item = { ...this.key(), ...Object.fromEntries(this.list(4, () => [this.of(NAMES.slice(4)), this.value()])) };
    return this.often(40) ? { ...item, c: { S: this.of(["x", "y"]) }, d: { B: "AAEC" } } : item;
  }

  path(): string {
    let path = this.of(NAMES);
    while (this.often(25)) path += this.of([".v", ".#l", "[0]", "[1]", "[7]", ".k"]);
    return path;
  }
  operand(): string {
    return this.often(50) ? this.path() : this.often(90) ? this.of(VALUES) : `size(${this.path()})`;
  }
  condition(depth = 0): string {
    if (depth < 3 && this.often(30)) return `${this.condition(depth + 1)} ${this.of(["AND", "OR"])} ${this.condition(depth + 1)}`;
    if (depth < 3 && this.often(15)) return this.of([(text: string) => `NOT ${text}`, (text: string) => `(${text})`])(this.condition(depth + 1));
    switch (this.below(7)) {
      case 0: return `${this.operand()} BETWEEN ${this.operand()} AND ${this.operand()}`;
      case 1: return `${this.operand()} IN (${this.operand()}, ${this.operand()})`;
      case 2: return `${this.of(["attribute_exists", "attribute_not_exists"])}(${this.path()})`;
      case 3: return `${this.of(["begins_with", "contains", "attribute_type"])}(${this.operand()}, ${this.operand()})`;
      default: return `${this.operand()} ${this.of(["=", "<>", "<", "<=", ">", ">="])} ${this.operand()}`;
    }
  }
  setValue(): string {
    switch (this.below(5)) {
      case 0: return `${this.operand()} ${this.of(["+", "-"])} ${this.operand()}`;
      case 1: return `list_append(${this.operand()}, ${this.operand()})`;
      case 2: return `if_not_exists(${this.path()}, ${this.operand()})`;
      default: return this.operand();
    }
  }
  update(): string {
    const parts: string[] = [];
    if (this.often(60)) parts.push(`SET ${[0, ...this.list(2, () => 0)].map(() => `${this.path()} = ${this.setValue()}`).join(", ")}`);
    if (this.often(30)) parts.push(`REMOVE ${this.path()}`);
    if (this.often(30)) parts.push(`ADD ${this.path()} ${this.of(VALUES)}`);
    if (this.often(20)) parts.push(`DELETE ${this.path()} ${this.of(VALUES)}`);
    return parts.join(" ");
  }

  /** Only the placeholders that the texts use, so that most requests get as far as the storage node. */
  placeholders(...texts: readonly string[]): Record<string, unknown> {
    const text = texts.join(" ");
    const values: Record<string, unknown> = {
      ":s": { S: this.of(["p", "x", "S", "N"]) }, ":n": { N: this.of(NUMBERS.slice(0, 9)) }, ":l": { L: [{ N: "1" }] }, ":m": { M: { k: { S: "v" } } },
      ":ss": { SS: ["p", "z"] }, ":ns": { NS: ["1", "7"] }, ":b": { B: "AAEC" }, ":t": { BOOL: true }, ":z": { NULL: true }, ":u": this.value(),
    };
    const isUsed = (name: string): boolean => new RegExp(`${name}(?![a-z])`).test(text);
    const used = Object.fromEntries(Object.entries(values).filter(([name]) => isUsed(name)));
    const names = Object.fromEntries([["#n", "name"], ["#l", "list"]].filter(([name]) => isUsed(name as string)));
    return {
      ...(Object.keys(used).length === 0 ? {} : { ExpressionAttributeValues: used }),
      ...(Object.keys(names).length === 0 ? {} : { ExpressionAttributeNames: names }),
    };
  }
  write(): Record<string, unknown> {
    return {
      TableName: "main", ReturnValues: this.of(["NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"]),
      ReturnConsumedCapacity: this.of(["NONE", "TOTAL", "INDEXES"]), ReturnItemCollectionMetrics: this.of(["NONE", "SIZE"]),
      ReturnValuesOnConditionCheckFailure: this.of(["NONE", "ALL_OLD"]),
    };
  }
  page(): Record<string, unknown> {
    const filter = this.often(40) ? { FilterExpression: this.condition() } : {};
    const projection = this.often(30) ? { ProjectionExpression: [this.path(), ...this.list(2, () => this.path())].join(", ") } : {};
    const index = this.often(40) ? { IndexName: this.of(["by-c", "by-d", "by-w", "nope"]) } : {};
    const start = this.often(20) ? { ExclusiveStartKey: { ...this.key(), ...(this.often(50) ? { c: { S: "x" } } : {}) } } : {};
    return {
      TableName: "main", ...filter, ...projection, ...index, ...start, ...(this.often(50) ? { Limit: 1 + this.below(5) } : {}),
      ...(this.often(20) ? { Select: this.of(["COUNT", "ALL_ATTRIBUTES", "SPECIFIC_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES"]) } : {}),
      ConsistentRead: this.often(50), ReturnConsumedCapacity: this.of(["TOTAL", "INDEXES", "NONE"]),
    };
  }

  statement(): unknown {
    const literal = (): string => this.of(["'p'", "1", "-2.5", "{'k': [1, 'x']}", "<<1, 2>>", "[1]", "null", "true", "?", "''"]);
    const where = (): string => this.of([
      "a = 'p' AND b = 1", "a = 'p'", `a = 'p' AND b > ${literal()}`, `v = ${literal()}`, `a IN ['p', 'q'] AND contains(c, ${literal()})`,
      `a = 'p' AND b BETWEEN 0 AND ${literal()}`, "begins_with(c, 'x')", "v IS MISSING OR m.k IS NOT NULL", `size(l) > ${literal()}`,
    ]);
    const Statement = this.of([
      () => `SELECT ${this.of(["*", "a, m.k", "l[0]", "v, v"])} FROM ${this.of(["main", "main.\"by-c\"", "hash", "nope"])} WHERE ${where()}`,
      () => `INSERT INTO main VALUE {'a': 'p', 'b': ${this.below(9)}, 'v': ${literal()}}`,
      () => `UPDATE main SET v = ${literal()} SET w = if_not_exists(w, ${literal()}) REMOVE l[0] WHERE ${where()} `
        + `RETURNING ${this.of(["ALL", "MODIFIED"])} NEW *`,
      () => `DELETE FROM main WHERE ${where()}`,
    ])();
    const count = Statement.split("?").length - 1;
    return { Statement, ...(count === 0 ? {} : { Parameters: Array.from({ length: count }, () => this.value()) }) };
  }

  transactItem(): unknown {
    const key = { TableName: "main", Key: this.key(), ReturnValuesOnConditionCheckFailure: this.of(["NONE", "ALL_OLD"]) };
    const condition = { ConditionExpression: this.condition() };
    const conditional = this.often(40) ? { ...condition, ...this.placeholders(condition.ConditionExpression) } : {};
    const UpdateExpression = this.update();
    return this.of([
      () => ({ Put: { TableName: "main", Item: this.item(), ...conditional } }), () => ({ Delete: { ...key, ...conditional } }),
      () => ({ Update: { ...key, UpdateExpression, ...this.placeholders(UpdateExpression) } }),
      () => ({ ConditionCheck: { ...key, ...condition, ...this.placeholders(condition.ConditionExpression) } }),
    ])();
  }

  request(): readonly [string, any] {
    switch (this.below(14)) {
      case 0: case 1: {
        const condition = this.often(30) ? { ConditionExpression: this.condition() } : {};
        return ["PutItem", { ...this.write(), Item: this.item(), ...condition, ...this.placeholders(condition.ConditionExpression ?? "") }];
      }
      case 2: case 3: case 4: {
        const texts = { UpdateExpression: this.update(), ...(this.often(30) ? { ConditionExpression: this.condition() } : {}) };
        return ["UpdateItem", { ...this.write(), Key: this.key(), ...texts, ...this.placeholders(...Object.values(texts)) }];
      }
      case 5: {
        const condition = this.often(50) ? { ConditionExpression: this.condition() } : {};
        return ["DeleteItem", { ...this.write(), Key: this.key(), ...condition, ...this.placeholders(condition.ConditionExpression ?? "") }];
      }
      case 6: {
        const text = this.path();
        return ["GetItem", { TableName: "main", Key: this.key(), ProjectionExpression: text, ...this.placeholders(text) }];
      }
      case 7: {
        const KeyConditionExpression = `a = :s${this.of(["", " AND b > :n", " AND b BETWEEN :n AND :n", " AND c = :s", " AND begins_with(d, :b)"])}`
          .replace(/^a/, this.often(20) ? "c" : "a");
        const page = this.page();
        const texts = [KeyConditionExpression, page["FilterExpression"] ?? "", page["ProjectionExpression"] ?? ""] as string[];
        return ["Query", { ...page, KeyConditionExpression, ScanIndexForward: this.often(50), ...this.placeholders(...texts) }];
      }
      case 8: {
        const page = this.page();
        const segments = this.often(30) ? { TotalSegments: 1 + this.below(5), Segment: this.below(5) } : {};
        const texts = [page["FilterExpression"] ?? "", page["ProjectionExpression"] ?? ""] as string[];
        return ["Scan", { ...page, ...segments, ...this.placeholders(...texts) }];
      }
      case 12: return ["TransactWriteItems", {
        TransactItems: this.list(4, () => this.transactItem()), ReturnConsumedCapacity: this.of(["TOTAL", "INDEXES"]), ReturnItemCollectionMetrics: "SIZE",
        ...(this.often(20) ? { ClientRequestToken: `t${this.below(5)}` } : {}),
      }];
      case 13: return ["TransactGetItems", {
        TransactItems: this.list(4, () => ({ Get: { TableName: "main", Key: this.key() } })), ReturnConsumedCapacity: "TOTAL",
      }];
      case 9: return ["BatchGetItem", { RequestItems: { main: { Keys: this.list(5, () => this.key()) }, hash: { Keys: [{ a: { S: "p" } }] } } }];
      case 10: return ["BatchWriteItem", {
        RequestItems: { main: this.list(4, () => (this.often(60) ? { PutRequest: { Item: this.item() } } : { DeleteRequest: { Key: this.key() } })) },
        ReturnConsumedCapacity: "INDEXES", ReturnItemCollectionMetrics: "SIZE",
      }];
      default:
        return this.often(60) ? ["ExecuteStatement", { ...(this.statement() as object), ...(this.often(30) ? { Limit: 1 } : {}) }]
          : this.often(40) ? ["ExecuteTransaction", { TransactStatements: this.list(3, () => this.statement()) }]
          : ["BatchExecuteStatement", { Statements: this.list(4, () => this.statement()), ReturnConsumedCapacity: "TOTAL" }];
    }
  }

  /** The request with something in it exchanged, left out or doubled. */
  mutated(input: unknown): unknown {
    if (typeof input !== "object" || input === null || this.often(10)) {
      return this.of<unknown>([null, 0, -1, 1.5, 1e300, "", "x", true, [], {}, [{}], { S: "x" }, "a".repeat(300), this.value()]);
    }
    if (Array.isArray(input)) {
      if (input.length === 0) return [this.value()];
      const at = this.below(input.length);
      return this.often(30) ? [...input, input[at]] : input.with(at, this.mutated(input[at]));
    }
    const names = Object.keys(input);
    if (names.length === 0) return { [this.of(NAMES)]: this.value() };
    const name = this.of(names);
    const inner = (input as Record<string, unknown>)[name];
    const { [name]: _, ...others } = input as Record<string, unknown>;
    if (this.often(15)) return others;
    if (this.often(10)) return { ...others, [this.of([...names, "x", "__proto__"])]: inner };
    return { ...input, [name]: this.mutated(inner) };
  }
}

function check(answer: Answer, about: string): void {
  assert.ok(answer.status === 200 || answer.status === 400, `${answer.status} ${answer.text}\n${about}`);
  assert.notEqual(answer.json, null, about);
  if (answer.status === 200) return;
  assert.match(answer.json.__type, /^com\.amazon[\w.]*#\w+Exception$/, about);
  const message = answer.message ?? "";
  assert.ok(!/undefined|\[object|NaN of|function \(/.test(message.replaceAll(/'[^]*'/g, "")), `${message}\n${about}`);
  if (answer.type !== "SerializationException") assert.ok(message.length > 0, `${answer.text}\n${about}`);
}

test("no request gets a 5xx, and the cluster goes on", async () => {
  const source = new Source(SEED);
  const succeeded = new Map<string, number>();
  for (let i = 0; i < REQUESTS; i++) {
    const [operation, valid] = source.request();
    const input = source.often(25) ? source.mutated(valid) : valid;
    const body = JSON.stringify(input) ?? "null";
    const answer = await server.ask(operation, body);
    check(answer, `STATOR_TEST_SEED=${SEED} request ${i}: ${operation} ${body.slice(0, 1_500)}`);
    if (answer.status === 200) succeeded.set(operation, (succeeded.get(operation) ?? 0) + 1);
  }
  for (const operation of OPERATIONS) {
    assert.ok((succeeded.get(operation) ?? 0) > 0, `no ${operation} made sense (STATOR_TEST_SEED=${SEED})`);
  }
  await server.ok("PutItem", { TableName: "hash", Item: { a: { S: "alive" } } });
});

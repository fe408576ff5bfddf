// An API over one small store in memory, for the tests of this folder: real model functions behind it, Node's
// crypto, a clock that stands still. Holds no tests itself.
import { createHmac, createSecretKey, hash, timingSafeEqual } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { crc32, gzipSync } from "node:zlib";
import { HASH_POINT_END, groupId, hashPoint, nodeId, tableId } from "../../base/ids.ts";
import type { StorageKey } from "../../base/ids.ts";
import { Prng } from "../../base/prng.ts";
import { applyUpdate } from "../../model/expression/apply-update.ts";
import { evaluateCondition } from "../../model/expression/evaluate-condition.ts";
import { projectItem, updatedAttributes } from "../../model/expression/project.ts";
import { decodeStored, encodeItem, encodeJson, storedJson, storedSize } from "../../model/item-codec.ts";
import { itemSize } from "../../model/item-size.ts";
import { keyItemOf, scanBounds } from "../../model/key-encoding.ts";
import type {
  Execute, GetOperation, GetOutcome, Operation, Outcome, PageOptions, PageOutcome, Refusal, WriteOperation,
  WriteOutcome,
} from "../../model/operation.ts";
import type { TableDefinition, TableSchema } from "../../model/table-schema.ts";
import type { Compression } from "../../ports/compression.ts";
import type { Crypto, HmacKey } from "../../ports/crypto.ts";
import type { HeaderLayout, HttpResponse } from "../../ports/http.ts";
import { nodeCompression } from "../../runtime/node-compression.ts";
import { type Api, type ApiOptions, createApi } from "./role.ts";

/** At once: nothing of an API waits in the tests of this folder. */
export const testCompression: Compression = {
  inflate: (coding, data, bytesMax) => nodeCompression.inflate(coding, data, bytesMax),
  gzip: (pieces, done) => done(gzipSync(Buffer.concat(pieces))),
};

export const testCrypto: Crypto = {
  sha256Hex: (data) => hash("sha256", data, "hex"),
  hmacKey: (key): HmacKey => ({
    opaque: typeof key === "string" ? createSecretKey(key, "utf8") : createSecretKey(key),
  }),
  hmacSha256: (key, data) => createHmac("sha256", key.opaque as KeyObject).update(data).digest(),
  hmacSha256Hex: (key, data) => createHmac("sha256", key.opaque as KeyObject).update(data).digest("hex"),
  crc32: (pieces) => pieces.reduce((value, piece) => crc32(piece, value), 0),
  timingSafeEqual: (a, b) => a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b)),
};

/** A store that does what operations say, or refuses as told. */
export class TestStore {
  readonly tables: Map<string, TableSchema> = new Map();
  readonly rows: Map<StorageKey, Uint8Array> = new Map();
  /** When set, asked first: a refusal is given instead of executing. */
  refuse: ((operation: Operation) => Refusal | null) | null = null;
  /** The last operation seen. */
  last: Operation | null = null;
  pageBytesMax = 1024 * 1024;
  #tableCount = 0;

  readonly execute: Execute = (operation, done) => {
    this.last = operation;
    done(this.refuse?.(operation) ?? this.#run(operation));
  };
  readonly lookupTable = (name: string): TableSchema | null => this.tables.get(name) ?? null;

  addTable(definition: TableDefinition): TableSchema {
    const { partitionCount: _, globalIndexes: _none, ...wanted } = definition;
    const table: TableSchema = {
      ...wanted, id: tableId(++this.#tableCount), status: "ACTIVE", version: 1, createdMs: 1_700_000_000_500,
      uuid: "11111111-2222-4333-8444-555555555555",
      billing: { ...wanted.billing, ...(wanted.billing.mode === "PROVISIONED" ? {} : { onDemandMs: 1_700_000_000_500 }) },
      partitions: [{ group: groupId(2), from: hashPoint(0), to: HASH_POINT_END, replicas: [nodeId(1)] }],
    };
    this.tables.set(table.name, table);
    return table;
  }

  #run(operation: Operation): Outcome {
    switch (operation.kind) {
      case "get": return this.#get(operation);
      case "put": case "delete": case "update": return this.#write(operation);
      case "batch-get":
        return { kind: "items", outcomes: operation.gets.map((get) => this.refuse?.(get) ?? this.#get(get)) };
      case "batch-write":
        return {
          kind: "batch-written",
          outcomes: operation.writes.map((write) => this.refuse?.(write) ?? this.#write(write) as WriteOutcome),
        };
      case "transact-write":
      case "transact-get":
        return { kind: "unavailable", reason: "one table of one process has no transactions" };
      case "query": return this.#page(operation.table, operation.from, operation.to, operation.page);
      case "scan": {
        const { from, to } = scanBounds(operation.table.id, operation.fromPoint, operation.toPoint);
        return this.#page(operation.table, from, to, operation.page);
      }
      case "create-table":
        if (this.tables.has(operation.definition.name)) {
          return { kind: "table-exists", name: operation.definition.name };
        }
        return { kind: "table", table: this.addTable(operation.definition), itemCount: 0, sizeBytes: 0 };
      case "update-table": {
        const table = this.tables.get(operation.name);
        if (table === undefined) return { kind: "table-not-found", name: operation.name };
        return { kind: "table", table: { ...table, status: "UPDATING" }, itemCount: 0, sizeBytes: 0 };
      }
      case "delete-table": case "describe-table": {
        const table = this.tables.get(operation.name);
        if (table === undefined) return { kind: "table-not-found", name: operation.name };
        if (operation.kind === "delete-table") this.tables.delete(operation.name);
        return { kind: "table", table, itemCount: this.rows.size, sizeBytes: 17 };
      }
      case "read-stream":
        return { kind: "stream-page", json: new Uint8Array(0), count: 0, last: 0, isMore: false, trimmed: 0 };
      case "list-tables": {
        const names = [...this.tables.keys()].sort().filter((name) => name > (operation.after ?? ""));
        const page = names.slice(0, operation.limit);
        return { kind: "tables", names: page, last: names.length > page.length ? page.at(-1) ?? null : null };
      }
    }
  }

  #get(operation: GetOperation): GetOutcome {
    const stored = this.rows.get(operation.address.key);
    if (stored === undefined) return { kind: "item", json: null, exists: false, size: 0 };
    const json = operation.projection === null
      ? storedJson(stored) : encodeJson(projectItem(operation.projection, decodeStored(stored)));
    return { kind: "item", json, exists: true, size: storedSize(stored) };
  }

  #write(operation: WriteOperation): Outcome {
    const { key } = operation.address;
    const stored = this.rows.get(key) ?? null;
    const old = stored === null ? null : decodeStored(stored);
    const oldSize = stored === null ? 0 : storedSize(stored);
    if (operation.condition !== null && !evaluateCondition(operation.condition, old)) {
      const item = operation.returnOldOnFailure && stored !== null ? storedJson(stored) : null;
      return { kind: "condition-failed", item, size: oldSize };
    }
    const oldJson = operation.returnValues === "ALL_OLD" && stored !== null ? storedJson(stored) : null;
    if (operation.kind === "delete") {
      this.rows.delete(key);
      return { kind: "written", attributes: oldJson, oldSize, newSize: 0 };
    }
    if (operation.kind === "put") {
      this.rows.set(key, operation.itemBytes);
      return { kind: "written", attributes: oldJson, oldSize, newSize: operation.itemSize };
    }
    const base = old ?? operation.keyItem;
    const result: ReturnType<typeof applyUpdate> = operation.update === null
      ? { ok: true, item: base, touched: [] } : applyUpdate(operation.update, base);
    if (!result.ok) return { kind: "invalid", message: result.message };
    const newSize = itemSize(result.item);
    if (newSize > 409_600) return { kind: "invalid", message: "too large" };
    this.rows.set(key, encodeItem(result.item, newSize, key));
    let attributes = oldJson;
    if (operation.returnValues === "ALL_NEW") attributes = encodeJson(result.item);
    if (operation.returnValues === "UPDATED_NEW" || operation.returnValues === "UPDATED_OLD") {
      const part = updatedAttributes(result.touched, old, result.item, operation.returnValues);
      attributes = part === null ? null : encodeJson(part);
    }
    return { kind: "written", attributes, oldSize, newSize };
  }

  #page(table: TableSchema, from: StorageKey, to: StorageKey, page: PageOptions): PageOutcome {
    const keys = [...this.rows.keys()].filter((key) => key >= from && key < to).sort();
    if (!page.isForward) keys.reverse();
    const runs: Uint8Array[] = [];
    let [count, scanned, scannedBytes] = [0, 0, 0];
    for (const key of keys) {
      if (page.after !== null && (page.isForward ? key <= page.after : key >= page.after)) continue;
      const stored = this.rows.get(key) as Uint8Array;
      scanned++;
      scannedBytes += storedSize(stored);
      const item = decodeStored(stored);
      if (page.filter === null || evaluateCondition(page.filter, item)) {
        count++;
        if (!page.isCountOnly) {
          runs.push(page.projection === null ? storedJson(stored) : encodeJson(projectItem(page.projection, item)));
        }
      }
      if (scanned === page.limit || scannedBytes > this.pageBytesMax) {
        return { kind: "page", runs, count, scanned, scannedBytes, lastKey: keyItemOf(table, key) };
      }
    }
    return { kind: "page", runs, count, scanned, scannedBytes, lastKey: null };
  }
}

/** 2026-01-02T03:04:05Z */
export const NOW_MS: number = Date.UTC(2026, 0, 2, 3, 4, 5);
export const NOW_TEXT = "20260102T030405Z";
export const AUTHORIZATION = "AWS4-HMAC-SHA256 Credential=local/20260102/eu-west-1/dynamodb/aws4_request, "
  + "SignedHeaders=host;x-amz-date;x-amz-target, Signature=00";

export type Answer = {
  readonly status: number;
  readonly bytes: Uint8Array;
  readonly text: string;
  readonly json: any;
  readonly headers: Readonly<Record<string, string>>;
  readonly contentType: string;
};

export class TestApi {
  readonly store: TestStore = new TestStore();
  readonly api: Api;
  nowMs: number = NOW_MS;

  readonly events: string[] = [];
  /** By names: the API sees all requests as those of one connection that never forgets. */
  readonly #layouts: Map<string, HeaderLayout> = new Map();

  constructor(options: Partial<ApiOptions> = {}) {
    const clock = {
      monotonicMs: () => this.nowMs,
      wallMs: () => this.nowMs,
      setTimer: () => ({ id: 0 }),
      clearTimer: () => {},
      endOfTurn: (callback: () => void) => callback(),
    };
    this.api = createApi(
      {
        crypto: testCrypto, compression: testCompression, clock, random: new Prng(1),
        telemetry: { event: (severity, area, message) => this.events.push(`${severity} ${area} ${message}`) },
      },
      { execute: this.store.execute, lookupTable: this.store.lookupTable },
      {
        credentials: null, accountId: "000000000000", defaultRegion: "us-east-1", cors: null,
        health: () => ({ live: true, ready: true, detail: { nodes: 3 } }), ...options,
      },
    );
  }

  /** One raw request; it must be answered at once, exactly once. */
  send(method: string, target: string, rawHeaders: readonly string[], body: Uint8Array | string): Answer {
    const answers: HttpResponse[] = [];
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    const names = rawHeaders.filter((_, i) => i % 2 === 0).join(":");
    const layout = this.#layouts.get(names) ?? { memo: null };
    this.#layouts.set(names, layout);
    const request = { method, target, rawHeaders, layout, body: bytes, peer: "test" };
    this.api.handle(request, (response) => answers.push(response));
    if (answers.length !== 1) throw new Error(`answered ${answers.length} times`);
    const response = answers[0] as HttpResponse;
    const sent = Buffer.concat(response.body);
    const text = sent.toString();
    const headers: Record<string, string> = {};
    for (let i = 0; i < response.headers.length; i += 2) {
      headers[(response.headers[i] as string).toLowerCase()] = response.headers[i + 1] as string;
    }
    let json: unknown = null;
    try {
      json = JSON.parse(text);
    } catch {
      json = null;
    }
    return { status: response.status, bytes: sent, text, json, headers, contentType: response.contentType };
  }

  /** One operation, by name or whole target, signed in form. A string is sent as it stands. */
  ask(operation: string, input: unknown): Answer {
    const target = operation.includes(".") ? operation : `DynamoDB_20120810.${operation}`;
    const headers = [
      "Host", "localhost:8000", "X-Amz-Target", target, "X-Amz-Date", NOW_TEXT,
      "Content-Type", "application/x-amz-json-1.0", "Authorization", AUTHORIZATION,
    ];
    return this.send("POST", "/", headers, typeof input === "string" ? input : JSON.stringify(input));
  }
}

const ON_DEMAND = { mode: "PAY_PER_REQUEST", readUnits: 0, writeUnits: 0 } as const;

/** An API with the tables `hash-only` (pk S) and `ranged` (pk S, sk N). */
export function apiWithTables(options: Partial<ApiOptions> = {}): TestApi {
  const api = new TestApi(options);
  const common = { billing: ON_DEMAND, deletionProtection: false, tableClass: null, partitionCount: null };
  api.store.addTable({ ...common, name: "hash-only", hashKey: { name: "pk", type: "S" }, rangeKey: null });
  api.store.addTable({
    ...common, name: "ranged", hashKey: { name: "pk", type: "S" }, rangeKey: { name: "sk", type: "N" },
  });
  return api;
}

export const VALIDATION = "com.amazon.coral.validate#ValidationException";
export const NOT_FOUND = "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException";
export const SERIALIZATION = "com.amazon.coral.service#SerializationException";

/** Operation, input, what the answer's message must be. Status 400 and ValidationException unless told. */
export type Refused = readonly [operation: string, input: unknown, message: string | null, type?: string];

/** Runs a table of refusals and returns the rows whose answer differs, readable in an assertion's diff. */
export function wrongAnswers(api: TestApi, cases: readonly Refused[]): unknown[] {
  const wrong: unknown[] = [];
  for (const [operation, input, message, type = VALIDATION] of cases) {
    const answer = api.ask(operation, input);
    const actual = answer.json?.message ?? answer.json?.Message ?? null;
    if (answer.status !== 400 || answer.json?.__type !== type || actual !== message) {
      wrong.push({ operation, input, expected: { type, message }, got: { status: answer.status, text: answer.text } });
    }
  }
  return wrong;
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { utf8Decode, utf8Encode } from "../base/utf8.ts";
import type { HttpRequest, HttpResponse } from "../ports/http.ts";
import { createAdminDoor, type ControlAnswer } from "./admin-door.ts";

const CREDENTIALS = [{ accessKeyId: "id", secretAccessKey: "se:cret" }];
const BASIC = `Basic ${Buffer.from("id:se:cret").toString("base64")}`;
const COMMAND = { kind: "drain-node", node: 3, isUndone: false };
const NEXT: HttpResponse = { status: 299, contentType: "x", headers: [], body: [] };

type Asked = { readonly response: HttpResponse; readonly works: unknown[]; readonly json: any };

function ask(request: Partial<HttpRequest>, outcome: ControlAnswer = { kind: "done" }, isOpen = false): Asked {
  const works: unknown[] = [];
  const handler = createAdminDoor((work, done) => {
    works.push(work);
    done(outcome);
  }, isOpen ? null : CREDENTIALS, (_, reply) => reply(NEXT));
  let response = NEXT;
  handler({
    method: "POST", target: "/_stator/admin", rawHeaders: ["Content-Type", "application/json"],
    layout: null, body: utf8Encode(JSON.stringify(COMMAND)), peer: "127.0.0.1:5000", ...request,
  }, (given) => {
    response = given;
  });
  const text = utf8Decode(response.body[0] ?? new Uint8Array(0)) ?? "";
  return { response, works, json: text === "" ? null : JSON.parse(text) };
}

test("a command goes to the control plane, and its answer comes back", () => {
  const done = ask({});
  assert.equal(done.response.status, 200);
  assert.deepEqual(done.works, [{ kind: "admin", command: COMMAND }]);
  for (const [outcome, status] of [
    [{ kind: "invalid", message: "no node 3" }, 400], [{ kind: "not-now", reason: "busy" }, 409],
    [{ kind: "unavailable", reason: "no leader" }, 503], [{ kind: "item" }, 500],
  ] as readonly (readonly [ControlAnswer, number])[]) {
    const refused = ask({}, outcome);
    assert.equal(refused.response.status, status);
    assert.match(refused.json.error, /no node 3|busy|no leader|answered "item"/);
  }
});

test("only callers on this machine, or with credentials, are answered", () => {
  const cases: readonly (readonly [string, Partial<HttpRequest>, boolean])[] = [
    ["IPv4 of this machine", { peer: "127.9.9.9:1" }, true],
    ["IPv6 of this machine", { peer: "::1:1" }, true],
    ["IPv4 in IPv6", { peer: "::ffff:127.0.0.1:1" }, true],
    ["another machine", { peer: "10.0.0.5:1" }, false],
    ["a name that begins like it", { peer: "127.0.0.1.evil:1" }, false],
    ["another machine with credentials", { peer: "10.0.0.5:1", rawHeaders: headers(BASIC) }, true],
    ["another machine with a wrong secret", { peer: "10.0.0.5:1", rawHeaders: headers("Basic aWQ6c2U=") }, false],
    ["another machine with nonsense", { peer: "10.0.0.5:1", rawHeaders: headers("Basic ???") }, false],
    ["through a relay here", { rawHeaders: [...headers(""), "X-Forwarded-For", "10.0.0.5"] }, false],
  ];
  for (const [what, request, isLet] of cases) {
    const { response, works } = ask(request);
    assert.equal(response.status, isLet ? 200 : 403, what);
    assert.equal(works.length, isLet ? 1 : 0, what);
  }
  assert.equal(ask({ peer: "10.0.0.5:1", rawHeaders: headers(BASIC) }, { kind: "done" }, true).response.status, 403);
});

function headers(authorization: string): readonly string[] {
  return ["content-type", "application/json; charset=utf-8", "authorization", authorization];
}

test("what is no command is refused before the control plane sees it", () => {
  for (const body of ["", "[]", "null", "{", '{"kind":"drain-node"}', '{"kind":"drain-node","node":0,"isUndone":false}',
    '{"kind":"drain-node","node":3,"isUndone":false,"more":1}', '{"kind":"constructor"}', `"${"x".repeat(5_000)}"`]) {
    const { response, works } = ask({ body: utf8Encode(body) });
    assert.equal(response.status, 400, body);
    assert.equal(works.length, 0);
  }
  assert.equal(ask({ rawHeaders: ["Content-Type", "text/plain"] }).response.status, 400);
  assert.equal(ask({ method: "PUT" }).response.status, 404);
  assert.equal(ask({ target: "/_stator/other" }).response.status, 404);
  assert.equal(ask({ target: "/" }).response, NEXT);
});

test("the status lists all partitions, closed ones counted apart", () => {
  const partition = { group: 20, from: 0, to: 10, replicas: [1], isClosed: false, leader: 1 };
  const description = {
    version: 3, node: 2, isLeader: true, nodes: [{ id: 1, life: "up" }], system: { ...partition, group: 1, leader: null },
    tables: [{ name: "t", status: "ACTIVE", partitions: [partition, { ...partition, group: 16, isClosed: true }] }],
  };
  const { response, json } = ask(
    { method: "GET", target: "/_stator/status" }, { kind: "described", json: JSON.stringify(description) } as ControlAnswer,
  );
  assert.equal(response.status, 200);
  assert.deepEqual(json.partitions.map(({ table, group, leader }: any) => [table, group, leader]), [["", 1, 2], ["t", 20, 1]]);
  assert.equal(json.closed, 1);
  assert.equal(json.nodes[0].health, "up");
});

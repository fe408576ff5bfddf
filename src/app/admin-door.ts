// What operators ask of a node over HTTP, beside the API: GET /_stator/status tells how the cluster is, POST
// /_stator/admin passes a command on to the control plane. Only for callers on this machine, or with credentials.
import type { ClusterDescription } from "../roles/metadata/describe.ts";
import type { HttpHandler, HttpRequest, HttpResponse } from "../ports/http.ts";
import { base64ToBytes } from "../base/base64.ts";
import { utf8Decode, utf8Encode } from "../base/utf8.ts";
import { isAdminWork } from "../wire/codec/message-shapes.ts";
import type { AdminRequestWork, AdminWork, DescribeWork } from "../wire/data-messages.ts";
import { nodeCrypto } from "../runtime/node-crypto.ts";
import type { Credential } from "./embedded-options.ts";
import { isLoopback } from "./front-door.ts";

/** What the control plane answered, as the router gives it. */
export type ControlAnswer = { readonly kind: string };
export type AskControlPlane = (work: AdminRequestWork | DescribeWork, done: (answer: ControlAnswer) => void) => void;

const PREFIX = "/_stator/";
const STATUS = "/_stator/status";
const ADMIN = "/_stator/admin";
const JSON_TYPE = "application/json";
/** A command is a few numbers. */
const COMMAND_BYTES_MAX = 4_096;

/** `next` gets everything that is not for operators. */
export function createAdminDoor(
  ask: AskControlPlane, credentials: readonly Credential[] | null, next: HttpHandler,
): HttpHandler {
  return (request, reply) => {
    if (!request.target.startsWith(PREFIX)) {
      next(request, reply);
      return;
    }
    if (!mayAsk(request, credentials)) {
      reply(answer(403, { error: "only for callers on this machine, or with credentials (HTTP Basic)" }));
    } else if (request.method === "GET" && request.target === STATUS) {
      ask({ kind: "describe" }, (outcome) => reply(statusAnswer(outcome)));
    } else if (request.method === "POST" && request.target === ADMIN) {
      const command = commandOf(request);
      if (typeof command === "string") reply(answer(400, { error: command }));
      else ask({ kind: "admin", command }, (outcome) => reply(adminAnswer(outcome)));
    } else reply(answer(404, { error: `there is GET ${STATUS} and POST ${ADMIN}` }));
  };
}

function mayAsk(request: HttpRequest, credentials: readonly Credential[] | null): boolean {
  const given = basicOf(headerOf(request, "authorization"));
  if (given !== null && credentials !== null) {
    // All are compared: the time tells nothing about which one was nearly right.
    let isKnown = false;
    for (const { accessKeyId, secretAccessKey } of credentials) {
      if (nodeCrypto.timingSafeEqual(given, `${accessKeyId}:${secretAccessKey}`)) isKnown = true;
    }
    if (isKnown) return true;
  }
  // Behind a relay on this machine everybody would come from here.
  const isRelayed = headerOf(request, "x-forwarded-for") !== null || headerOf(request, "forwarded") !== null;
  return !isRelayed && isLoopback(request.peer.slice(0, request.peer.lastIndexOf(":")));
}

function headerOf({ rawHeaders }: HttpRequest, name: string): string | null {
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() === name) return rawHeaders[i + 1] ?? null;
  }
  return null;
}

/** "id:secret" of a Basic authorization; null: it is none. */
function basicOf(header: string | null): string | null {
  const match = header === null ? null : /^Basic ([A-Za-z0-9+/]+=*)$/i.exec(header);
  const bytes = match?.[1] === undefined ? null : base64ToBytes(match[1]);
  return bytes === null ? null : utf8Decode(bytes);
}

/** The command, or what is wrong with the request. A web page of another origin cannot send this content type. */
function commandOf(request: HttpRequest): AdminWork | string {
  if (headerOf(request, "content-type")?.split(";")[0]?.trim().toLowerCase() !== JSON_TYPE) {
    return `the content type is not ${JSON_TYPE}`;
  }
  if (request.body.length > COMMAND_BYTES_MAX) return "the command is too long";
  let command: unknown;
  try {
    command = JSON.parse(utf8Decode(request.body) ?? "");
  } catch {
    return "the body is no JSON";
  }
  return isAdminWork(command) ? (command as AdminWork) : "there is no such command";
}

function statusAnswer(outcome: ControlAnswer): HttpResponse {
  const { kind, json } = outcome as { readonly kind: string; readonly json?: string };
  if (kind !== "described" || json === undefined) return refusal(outcome);
  return answer(200, withPartitions(JSON.parse(json) as ClusterDescription));
}

/** The description, and the partitions of all tables in one list beside it. */
function withPartitions(description: ClusterDescription): object {
  const { nodes, system, tables, isLeader, node } = description;
  const systemLeader = system.leader ?? (isLeader ? node : null);
  const all = tables.flatMap(({ name, partitions }) => partitions.map((one) => ({ table: name, ...one })));
  return {
    ...description,
    nodes: nodes.map((one) => ({ ...one, health: one.life })),
    partitions: [{ table: "", ...system, leader: systemLeader }, ...all.filter(({ isClosed }) => !isClosed)],
    closed: all.filter(({ isClosed }) => isClosed).length,
  };
}

function adminAnswer(outcome: ControlAnswer): HttpResponse {
  return outcome.kind === "done" ? answer(200, { outcome: "done" }) : refusal(outcome);
}

const STATUS_OF: Readonly<Record<string, number>> = { invalid: 400, "not-now": 409, overloaded: 503, unavailable: 503 };

function refusal(outcome: ControlAnswer): HttpResponse {
  const { kind, message, reason } = outcome as { kind: string; message?: string; reason?: string };
  const error = message ?? reason ?? `the control plane answered "${kind}"`;
  return answer(STATUS_OF[kind] ?? 500, { outcome: kind, error });
}

function answer(status: number, value: object): HttpResponse {
  return { status, contentType: JSON_TYPE, headers: [], body: [utf8Encode(`${JSON.stringify(value)}\n`)] };
}

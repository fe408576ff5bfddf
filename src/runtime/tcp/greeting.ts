// Who the two ends of a connection are, and whether they belong together. The one that dials says hello, the other
// welcomes or refuses it, and the first looks at the welcome in the same way.
//
//   hello    1 · "STATOR" · u16 oldest protocol understood · u16 newest · Hello as a plain value
//   welcome  2 · u16 protocol agreed on · Welcome as a plain value
//   refused  3 · Refusal as a plain value
import { must } from "../../base/assert.ts";
import { encodePlain } from "../../wire/codec/plain-values.ts";
import { isCounter, object, oneOf, text, whole, type Shape } from "../../wire/codec/shape.ts";
import { beginFrame, HELLO, plainFrame, plainOf, REFUSED, sealFrame, WELCOME } from "./frames.ts";

/** Of this build: what it writes, and the oldest that it still understands. */
export const PROTOCOL = 1;
const PROTOCOL_OLDEST = 1;
const MAGIC = "STATOR";
const VERSIONS_AT = 1 + MAGIC.length;
const HELLO_HEAD = VERSIONS_AT + 4;
const WELCOME_HEAD = 3;
const DETAIL_CHARS_MAX = 500;
const WORD_CHARS_MAX = 300;

/** Node 0 and no cluster: a process that was given no identity yet. */
export type Identity = {
  readonly clusterId: string;
  readonly node: number;
  /** Names this life of the process; a later life has a higher one. */
  readonly incarnation: number;
  readonly uuid: string;
  readonly zone: string;
  /** Where peers reach it: "host:port". */
  readonly address: string;
};

export type Hello = Identity & {
  /** "stranger": wants to ask something, belongs to no cluster. */
  readonly role: "node" | "stranger";
  /** The node it means to reach; 0: whoever is there. */
  readonly receiver: number;
};

/** `waiting`: a node was meant, and there is one that has no identity yet: it may get that one. */
export type RefusalCode =
  | "protocol" | "malformed" | "cluster" | "receiver" | "waiting" | "duplicate" | "older" | "busy" | "silent"
  | "stopping";
export type Refusal = { readonly code: RefusalCode; readonly detail: string };

export type ReadHello =
  | { readonly ok: true; readonly hello: Hello; readonly protocol: number }
  | { readonly ok: false; readonly refusal: Refusal };

const IDENTITY = {
  clusterId: text(WORD_CHARS_MAX), node: whole(0, 0x7fff), incarnation: isCounter, uuid: text(WORD_CHARS_MAX),
  zone: text(WORD_CHARS_MAX), address: text(WORD_CHARS_MAX),
} as const;
const isIdentity: Shape = object<Identity>(IDENTITY);
const isHello: Shape = object<Hello>({
  ...IDENTITY, role: oneOf("node", "stranger"), receiver: whole(0, 0x7fff),
}, ({ role, node, clusterId }) => role === "stranger" || (node > 0 && clusterId !== ""));
const isRefusal: Shape = object<Refusal>({
  code: oneOf(
    "protocol", "malformed", "cluster", "receiver", "waiting", "duplicate", "older", "busy", "silent", "stopping",
  ),
  detail: text(DETAIL_CHARS_MAX),
});

export function helloFrame(hello: Hello): Uint8Array {
  const writer = beginFrame(HELLO);
  writer.binary(MAGIC);
  writer.u16(PROTOCOL_OLDEST);
  writer.u16(PROTOCOL);
  encodePlain(writer, hello, null);
  return must(sealFrame(writer));
}

export function readHello(payload: Uint8Array): ReadHello {
  if (payload.length < HELLO_HEAD || payload[0] !== HELLO || !hasMagic(payload)) {
    return refuse("malformed", "no hello of a Stator process");
  }
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const oldest = view.getUint16(VERSIONS_AT, true);
  const newest = view.getUint16(VERSIONS_AT + 2, true);
  const protocol = Math.min(newest, PROTOCOL);
  if (protocol < oldest || protocol < PROTOCOL_OLDEST) {
    return refuse("protocol", `it speaks protocols ${oldest} to ${newest}, this process ${PROTOCOL_OLDEST} to `
      + `${PROTOCOL}: run builds of Stator that are at most one release apart`);
  }
  const hello = plainOf(payload, HELLO_HEAD);
  return isHello(hello) ? { ok: true, hello: hello as Hello, protocol } : refuse("malformed", "a malformed hello");
}

function hasMagic(payload: Uint8Array): boolean {
  for (let i = 0; i < MAGIC.length; i++) if (payload[1 + i] !== MAGIC.charCodeAt(i)) return false;
  return true;
}

export function welcomeFrame(identity: Identity, protocol: number): Uint8Array {
  const writer = beginFrame(WELCOME);
  writer.u16(protocol);
  encodePlain(writer, identity, null);
  return must(sealFrame(writer));
}

/** Null: no welcome in a protocol of this build. */
export function readWelcome(payload: Uint8Array): Identity | null {
  if (payload.length < WELCOME_HEAD || payload[0] !== WELCOME) return null;
  const protocol = (payload[1] as number) | ((payload[2] as number) << 8);
  if (protocol < PROTOCOL_OLDEST || protocol > PROTOCOL) return null;
  const identity = plainOf(payload, WELCOME_HEAD);
  return isIdentity(identity) ? (identity as Identity) : null;
}

export function refusalFrame(refusal: Refusal): Uint8Array {
  return plainFrame(REFUSED, { ...refusal, detail: refusal.detail.slice(0, DETAIL_CHARS_MAX) });
}

export function readRefusal(payload: Uint8Array): Refusal {
  const refusal = plainOf(payload, 1);
  return isRefusal(refusal) ? (refusal as Refusal) : { code: "malformed", detail: "a refusal without a reason" };
}

/** Why a node that says `hello` must not talk to this one; null: it may. */
export function refusalOf(self: Identity, hello: Hello): Refusal | null {
  if (hello.receiver !== 0 && hello.receiver !== self.node) {
    if (self.node === 0) return { code: "waiting", detail: "this node has no identity yet" };
    return { code: "receiver", detail: `this is node ${self.node}, not node ${hello.receiver}` };
  }
  if (hello.role === "stranger") return null;
  if (hello.clusterId !== self.clusterId) {
    const own = self.clusterId === "" ? "no cluster yet" : `cluster ${self.clusterId}`;
    return { code: "cluster", detail: `this node belongs to ${own}, not to ${hello.clusterId}` };
  }
  if (hello.node === self.node) {
    return { code: "duplicate", detail: `node ${self.node} runs here already: two processes have one identity` };
  }
  return null;
}

function refuse(code: RefusalCode, detail: string): ReadHello {
  return { ok: false, refusal: { code, detail } };
}

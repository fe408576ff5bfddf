// What processes say to each other before they are nodes of one cluster: questions of strangers, and the answers.
// Both come from outside and are checked before they are used.
import type { NodeRecord } from "../model/table-schema.ts";
import { ADDRESS_CHARS_MAX, ZONE_CHARS_MAX } from "../wire/codec/table-shapes.ts";
import { isRegisterWork } from "../wire/codec/message-shapes.ts";
import { isNodeId, isPositive, listOf, object, oneOf, text, union, whole, type Shape } from "../wire/codec/shape.ts";
import type { RegisterWork } from "../wire/data-messages.ts";

/** A node that the cluster begins with. */
export type Founder = {
  readonly id: number;
  readonly uuid: string;
  readonly zone: string;
  readonly address: string;
  readonly capacity: number;
};

/** What `stator init` decides, once. The system group begins on the first three founders. */
export type ClusterPlan = { readonly clusterId: string; readonly founders: readonly Founder[] };

export type Question =
  | { readonly kind: "who" }
  | { readonly kind: "plan"; readonly plan: ClusterPlan }
  | { readonly kind: "begin"; readonly clusterId: string }
  | { readonly kind: "register"; readonly work: RegisterWork };

export type WhoAnswer = {
  readonly kind: "who";
  readonly uuid: string;
  readonly zone: string;
  /** Where its peers reach it. */
  readonly address: string;
  readonly capacity: number;
  readonly state: "empty" | "planned" | "member";
  readonly nodeId: number;
  readonly clusterId: string;
  readonly founders: readonly Founder[];
};
export type RegisteredAnswer = {
  readonly kind: "registered";
  readonly nodeId: number;
  readonly clusterId: string;
  readonly founders: readonly Founder[];
  /** Nodes that the answering one knows, with their addresses. */
  readonly peers: readonly { readonly id: number; readonly address: string }[];
};
export type Answer =
  | WhoAnswer
  | RegisteredAnswer
  | { readonly kind: "ok" }
  /** Ask again a little later. */
  | { readonly kind: "not-now"; readonly reason: string }
  | { readonly kind: "refused"; readonly reason: string };

/** The system group needs three zones; no cluster begins with more nodes than this. */
export const FOUNDERS_MIN = 3;
const FOUNDERS_MAX = 100;
const PEERS_MAX = 1_000;
const ID_MAX = 32_767;
const WORD_MAX = 64;
const REASON_MAX = 2_000;

const capacity: Shape = whole(1, 1_000_000);
const isFounder: Shape = object<Founder>({
  id: whole(1, ID_MAX), uuid: text(WORD_MAX), zone: text(ZONE_CHARS_MAX), address: text(ADDRESS_CHARS_MAX), capacity,
});
const areFounders: Shape = listOf(isFounder, FOUNDERS_MAX);

export const isPlan: Shape = object<ClusterPlan>(
  { clusterId: text(WORD_MAX), founders: listOf(isFounder, FOUNDERS_MAX, FOUNDERS_MIN) },
  ({ clusterId, founders }) => clusterId !== ""
    && new Set(founders.map(({ id }) => id)).size === founders.length
    && new Set(founders.map(({ uuid }) => uuid)).size === founders.length
    && new Set(founders.slice(0, FOUNDERS_MIN).map(({ zone }) => zone)).size === FOUNDERS_MIN,
);

type Asked<K extends Question["kind"]> = Extract<Question, { kind: K }>;
const isQuestion: Shape = union<Question>({
  who: object<Asked<"who">>({ kind: oneOf("who") }),
  plan: object<Asked<"plan">>({ kind: oneOf("plan"), plan: isPlan }),
  begin: object<Asked<"begin">>({ kind: oneOf("begin"), clusterId: text(WORD_MAX) }),
  register: object<Asked<"register">>({ kind: oneOf("register"), work: isRegisterWork }),
});

type Answered<K extends Answer["kind"]> = Extract<Answer, { kind: K }>;
type Peer = RegisteredAnswer["peers"][number];
const isAnswer: Shape = union<Answer>({
  who: object<WhoAnswer>({
    kind: oneOf("who"), uuid: text(WORD_MAX), zone: text(ZONE_CHARS_MAX), address: text(ADDRESS_CHARS_MAX), capacity,
    state: oneOf("empty", "planned", "member"), nodeId: whole(0, ID_MAX), clusterId: text(WORD_MAX),
    founders: areFounders,
  }),
  registered: object<RegisteredAnswer>({
    kind: oneOf("registered"), nodeId: isPositive, clusterId: text(WORD_MAX), founders: areFounders,
    peers: listOf(object<Peer>({ id: isNodeId, address: text(ADDRESS_CHARS_MAX) }), PEERS_MAX),
  }),
  ok: object<Answered<"ok">>({ kind: oneOf("ok") }),
  "not-now": object<Answered<"not-now">>({ kind: oneOf("not-now"), reason: text(REASON_MAX) }),
  refused: object<Answered<"refused">>({ kind: oneOf("refused"), reason: text(REASON_MAX) }),
});

export function questionOf(value: unknown): Question | null {
  return isQuestion(value) ? (value as Question) : null;
}

export function answerOf(value: unknown): Answer | null {
  return isAnswer(value) ? (value as Answer) : null;
}

/** Peers as a registering node is told them. */
export function peersOf(nodes: readonly NodeRecord[]): RegisteredAnswer["peers"] {
  return nodes.filter(({ address }) => address !== "").slice(0, PEERS_MAX).map(({ id, address }) => ({ id, address }));
}

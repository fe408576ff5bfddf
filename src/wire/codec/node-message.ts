// A message between two processes as bytes: u16 address at the receiver (node or router), u8 kind, then a Paxos frame
// (paxos-frame.ts) or the message as a plain value (plain-values.ts).
import { nodeId, type NodeId } from "../../base/ids.ts";
import {
  CATALOGUE, CATALOGUE_ASK, NODE_BEAT, PAXOS_FRAME, REPLY, REQUEST, type NodeMessage,
} from "../data-messages.ts";
import type { ByteWriter } from "./byte-writer.ts";
import { isCatalogue, isCatalogueAsk, isNodeBeat, isReply, isRequest } from "./message-shapes.ts";
import { decodePaxosFrame, encodePaxosFrame } from "./paxos-frame.ts";
import { decodePlain, encodePlain } from "./plain-values.ts";
import type { ReceivedTables, SentTables } from "./sent-tables.ts";
import type { Shape } from "./shape.ts";

export type Envelope = { readonly ok: true; readonly to: NodeId; readonly message: NodeMessage };
export type DecodeFault = { readonly ok: false; readonly reason: string };

const HEAD = 3;

const SHAPES: ReadonlyMap<number, Shape> = new Map([
  [REQUEST, isRequest], [REPLY, isReply], [CATALOGUE_ASK, isCatalogueAsk], [CATALOGUE, isCatalogue],
  [NODE_BEAT, isNodeBeat],
]);

/** `tables` null: for whatever connection there will be. */
export function encodeNodeMessage(
  writer: ByteWriter, to: NodeId, message: NodeMessage, tables: SentTables | null,
): void {
  writer.u16(to);
  writer.u8(message.kind);
  if (message.kind === PAXOS_FRAME) encodePaxosFrame(writer, message);
  else encodePlain(writer, message, tables);
}

/** Never throws. Byte arrays of other messages than Paxos frames may be views into `bytes`. */
export function decodeNodeMessage(bytes: Uint8Array, tables: ReceivedTables): Envelope | DecodeFault {
  if (bytes.length < HEAD) return fault("too short");
  const to = (bytes[0] as number) | ((bytes[1] as number) << 8);
  const kind = bytes[2] as number;
  if (to === 0) return fault("no address");
  if (kind === PAXOS_FRAME) {
    const frame = decodePaxosFrame(bytes, HEAD);
    return frame === null ? fault("a malformed Paxos frame") : { ok: true, to: nodeId(to), message: frame };
  }
  const shape = SHAPES.get(kind);
  if (shape === undefined) return fault(`unknown kind ${kind}`);
  const value = decodePlain(bytes, HEAD, tables);
  if (value === undefined) return fault(`a malformed message of kind ${kind}`);
  if (!shape(value)) return fault(`a message of kind ${kind} that makes no sense${detailOf(value)}`);
  return { ok: true, to: nodeId(to), message: value as NodeMessage };
}

function fault(reason: string): DecodeFault {
  return { ok: false, reason };
}

/** What it was about, as far as can be told: kinds are short words. */
function detailOf(value: unknown): string {
  const { work, outcome } = (value ?? {}) as { readonly work?: unknown; readonly outcome?: unknown };
  const { kind } = (work ?? outcome ?? {}) as { readonly kind?: unknown };
  return typeof kind === "string" && /^[a-z-]{1,30}$/.test(kind) ? ` (${kind})` : "";
}

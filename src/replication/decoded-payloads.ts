// Payloads decoded lately, so that three replicas in one process decode an entry once, and its leader never.
// A direct-mapped table of fixed size: what is not in it is decoded again. (A WeakMap would make every
// collection look at each entry.)
import { must } from "../base/assert.ts";
import { buggify } from "../base/buggify.ts";
import { decodeWritePayload, type WritePayload } from "../wire/codec/write-payload.ts";
import type { LogEntry } from "../wire/log-record.ts";

/** More entries than are between proposal and the last replica's apply; a power of two. */
const SLOTS = 256;
/** Larger payloads are not kept: the table holds 16 MB at most. */
const PAYLOAD_BYTES_MAX = 64 * 1024;

type Slot = { bytes: Uint8Array; payload: WritePayload };

const slots: (Slot | undefined)[] = new Array<Slot | undefined>(SLOTS).fill(undefined);

export function rememberPayload(entry: LogEntry, payload: WritePayload): void {
  if (entry.payload.length <= PAYLOAD_BYTES_MAX) slots[slotOf(entry)] = { bytes: entry.payload, payload };
}

/** The changes an entry makes. An entry reaches this point only with its checksum verified. */
export function payloadOf(entry: LogEntry): WritePayload {
  const slot = slots[slotOf(entry)];
  const isForgotten = buggify("replication: a decoded payload is forgotten");
  if (slot !== undefined && slot.bytes === entry.payload && !isForgotten) return slot.payload;
  const payload = must(decodeWritePayload(entry.payload), "a committed WRITE entry decodes");
  rememberPayload(entry, payload);
  return payload;
}

function slotOf(entry: LogEntry): number {
  return (entry.lsn + entry.group * 31) % SLOTS;
}

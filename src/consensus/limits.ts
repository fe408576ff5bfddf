// Named bounds of the consensus core. Units are in the names.
import { assert } from "../base/assert.ts";

const MIB = 1024 * 1024;

/** Payload of one entry: what the write-ahead log takes as one record (4 MiB), less room for its header. */
export const ENTRY_PAYLOAD_BYTES_MAX: number = 4 * MIB - 1024;
/** Counted for an entry on top of its payload: header and object, so that empty entries are bounded too. */
export const ENTRY_OVERHEAD_BYTES = 64;
/** Bounds that a group is constructed with, so that tests can reach them with small entries. */
export type GroupLimits = {
  /** Delivered entries kept in memory for peers that lag a little; older ones are read from disk. */
  readonly tailBytesMax: number;
  /** Entries a leader may have proposed and not yet committed: bounds what a new leader has to adopt. */
  readonly inFlightEntriesMax: number;
  /** The same in bytes. */
  readonly inFlightBytesMax: number;
  /** Entries of one message: one frame stays small against a link's buffer. At least one entry always fits. */
  readonly messageBytesMax: number;
  /** Entries sent to one peer and not yet answered: a slow peer cannot queue more than this in the network. */
  readonly peerInFlightBytesMax: number;
  /** Entries handed out for applying in one Ready: bounds the work of one turn after a long catch-up. */
  readonly committedPerReadyMax: number;
};

export const DEFAULT_LIMITS: GroupLimits = {
  tailBytesMax: 8 * MIB,
  inFlightEntriesMax: 4096,
  inFlightBytesMax: 16 * MIB,
  messageBytesMax: 2 * MIB,
  peerInFlightBytesMax: 8 * MIB,
  committedPerReadyMax: 1024,
};

/** A COMMIT record is written with other records once the commit LSN moved this far: bounds replay at restart. */
export const COMMIT_RECORD_EVERY_LSNS = 1024;
/** Ballot rounds at or above this are refused from peers: leaves room to go on above any accepted one. */
export const BALLOT_ROUND_END: number = 2 ** 35;
/** Messages from the disk under way to one lagging peer: a round trip and its sync should not stop the stream. */
export const READS_AHEAD_MAX = 4;
/** A campaign without progress is given up after this many resend intervals. */
export const CAMPAIGN_RESENDS_MAX = 8;

assert(DEFAULT_LIMITS.inFlightBytesMax >= ENTRY_PAYLOAD_BYTES_MAX + ENTRY_OVERHEAD_BYTES, "one entry may be in flight");
assert(DEFAULT_LIMITS.peerInFlightBytesMax >= DEFAULT_LIMITS.messageBytesMax, "one message fits a peer's window");

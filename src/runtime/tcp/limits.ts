// Named bounds of the links between processes. Units are in the names.
import { assert } from "../../base/assert.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** Payload of one frame: a batch of writes (16 MiB) with what surrounds it. */
export const FRAME_BYTES_MAX: number = 24 * MIB;
/** The same before the peer has said who it is: greetings are small. */
export const GREETING_BYTES_MAX: number = 8 * KIB;
/** Paxos messages of one turn go in frames of this size: the queue can drop some and keep others. */
export const PAXOS_FRAME_BYTES_MAX: number = 8 * MIB;

export type LinkLimits = {
  /** Waiting towards one peer; beyond it the oldest Paxos frames are dropped (the protocol repeats them). */
  readonly paxosQueueBytesMax: number;
  /** Beyond it, requests are answered as not delivered. */
  readonly requestQueueBytesMax: number;
  /** Beyond it, replies are lost: the asker's own deadline covers that. Room for one of the largest, and more. */
  readonly replyQueueBytesMax: number;
  /** Given to the socket and not yet to the system: what is certainly not sent stays in our own queue. */
  readonly socketBytesMax: number;
  readonly sweepMs: number;
  /** A link says something at least this often. */
  readonly pingSweeps: number;
  /** Nothing was heard on a link for so many sweeps: it is dead. Counted in sweeps, so that a process which was
   * itself stopped does not take its peers for dead. */
  readonly silentSweepsMax: number;
  /** From dialling to the peer's welcome; from accepting to the peer's hello. */
  readonly greetingMs: number;
  /** Pause before dialling again: doubles from the first to the last, each halved at random. */
  readonly backoffMsFirst: number;
  readonly backoffMsMax: number;
  /** Connections from elsewhere: every node of a large cluster, and some strangers. */
  readonly incomingMax: number;
  /** Connections of processes that have no identity in the cluster. */
  readonly strangersMax: number;
  /** What a stranger asks is answered within this, or the connection ends. */
  readonly strangerMs: number;
};

export const LINK_LIMITS: LinkLimits = {
  paxosQueueBytesMax: 32 * MIB,
  requestQueueBytesMax: 24 * MIB,
  replyQueueBytesMax: 48 * MIB,
  socketBytesMax: 256 * KIB,
  sweepMs: 500,
  pingSweeps: 2,
  silentSweepsMax: 8,
  greetingMs: 2_000,
  backoffMsFirst: 50,
  backoffMsMax: 1_000,
  incomingMax: 2_048,
  strangersMax: 64,
  strangerMs: 60_000,
};

/** Addresses known of one node: where the catalogue says, where it said itself, where it was found. */
export const ADDRESSES_MAX = 4;

assert(PAXOS_FRAME_BYTES_MAX < FRAME_BYTES_MAX, "a divided Paxos frame is a frame");

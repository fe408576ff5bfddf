// Configuration of a replication group: which replicas there are, of which kind, and which of them vote. Payload of
// CONFIG entries and CONFIGURATION records. Little-endian:
//
//   u8 version (1) · u8 number of replicas · u16 reserved, 0 · u32 epoch
//   then per replica: u16 node · u8 kind · u8 1 when it votes, else 0
import { assert } from "../base/assert.ts";
import { epoch as epochOf, nodeId, type Epoch, type NodeId } from "../base/ids.ts";

/** Log and tree: may lead and serve reads. */
export const STORAGE = 1;
/** Log only: votes and persists, never leads, serves nothing. */
export const LOG = 2;

export type ReplicaKind = typeof STORAGE | typeof LOG;

/** `votes` false: a learner, which receives the log and counts in no quorum. */
export type Replica = { readonly node: NodeId; readonly kind: ReplicaKind; readonly votes: boolean };

/** Epoch 1 is the one a group begins with; 0 stands for "none yet". Replicas have distinct nodes. */
export type Configuration = { readonly epoch: Epoch; readonly replicas: readonly Replica[] };

/** Replication factor 3, room for 5 and for learners beside them. */
export const REPLICAS_MAX = 9;
export const NO_CONFIGURATION: Configuration = { epoch: epochOf(0), replicas: [] };

const VERSION = 1;
const HEAD = 8;
const REPLICA = 4;

/** The configuration of a new group: storage replicas, all voting. */
export function initialConfiguration(nodes: readonly NodeId[]): Configuration {
  return { epoch: epochOf(1), replicas: nodes.map((node) => ({ node, kind: STORAGE, votes: true })) };
}

export function replicaOf(configuration: Configuration, node: NodeId): Replica | null {
  for (const replica of configuration.replicas) if (replica.node === node) return replica;
  return null;
}

export function encodeConfiguration(configuration: Configuration): Uint8Array {
  const { epoch, replicas } = configuration;
  assert(replicas.length >= 1 && replicas.length <= REPLICAS_MAX, "number of replicas");
  const out = new Uint8Array(HEAD + replicas.length * REPLICA);
  const view = new DataView(out.buffer);
  out[0] = VERSION;
  out[1] = replicas.length;
  view.setUint32(4, epoch, true);
  let at = HEAD;
  for (const { node, kind, votes } of replicas) {
    view.setUint16(at, node, true);
    out[at + 2] = kind;
    out[at + 3] = votes ? 1 : 0;
    at += REPLICA;
  }
  return out;
}

/** Null when the bytes are no configuration of a known version. */
export function decodeConfiguration(bytes: Uint8Array): Configuration | null {
  if (bytes.length < HEAD || bytes[0] !== VERSION || bytes[2] !== 0 || bytes[3] !== 0) return null;
  const count = bytes[1] as number;
  if (count < 1 || count > REPLICAS_MAX || bytes.length !== HEAD + count * REPLICA) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const number = view.getUint32(4, true);
  const replicas: Replica[] = [];
  let hasVoter = false;
  for (let i = 0; i < count; i++) {
    const at = HEAD + i * REPLICA;
    const node = view.getUint16(at, true);
    const kind = bytes[at + 2];
    const votes = bytes[at + 3];
    if (node === 0 || (kind !== STORAGE && kind !== LOG) || (votes !== 0 && votes !== 1)) return null;
    if (replicas.some((other) => other.node === node)) return null;
    if (votes === 1) hasVoter = true;
    replicas.push({ node: nodeId(node), kind, votes: votes === 1 });
  }
  return number === 0 || !hasVoter ? null : { epoch: epochOf(number), replicas };
}

// An unreliable, unordered network between nodes: a message may be lost, late or reordered. Paxos frames and
// catalogue messages may also be duplicated, or reach a later life of the receiver. Requests and replies travel
// over a connection: they arrive at most once, and only in the life of the receiver that they were sent to; a
// transport never sends them again after it reconnected, for executing a write twice is a lost update.
// No RPC, no answer, no error: whoever needs an answer sends one and sets a timer.
// Inside one process messages pass by reference: a sender never touches a message after `send`.
import type { NodeId } from "../base/ids.ts";

export interface Network<Message> {
  send(to: NodeId, message: Message): void;
}

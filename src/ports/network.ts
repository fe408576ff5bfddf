// An unreliable, unordered datagram network between nodes: a message may be lost, late, duplicated or
// reordered. No RPC, no answer, no error: whoever needs an answer sends one and sets a timer.
// Inside one process messages pass by reference: a sender never touches a message after `send`.
import type { NodeId } from "../base/ids.ts";

export interface Network<Message> {
  send(to: NodeId, message: Message): void;
}

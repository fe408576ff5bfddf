// What the simulated network has to know of the cluster's messages.
import { PAXOS_FRAME, REPLY, REQUEST, type NodeMessage } from "../../wire/data-messages.ts";

/** Between routers and nodes there are connections: what an operation asks for is asked for at most once. */
export function isOnce(message: NodeMessage): boolean {
  return message.kind === REQUEST || message.kind === REPLY;
}

/** A few numbers that tell one message from another. */
export function digestOf(message: NodeMessage): number {
  switch (message.kind) {
    case PAXOS_FRAME: {
      let digest = message.messages.length;
      for (const m of message.messages) {
        digest = Math.imul(digest ^ m.kind ^ (m.group << 4), 0x01000193);
        digest ^= m.lsn ^ Math.imul(m.ballot | 0, 31) ^ m.commit;
      }
      return digest | 0;
    }
    case REQUEST:
    case REPLY:
      return (message.kind * 0x1000000) ^ message.id ^ (message.from << 16);
    default:
      return message.kind;
  }
}

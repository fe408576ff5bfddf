// Between a node and the network: whoever answers a read has a whole tree of the group, and the group's configuration,
// as that node has it, says that it stores items. A log replica, or one whose tree is being built, answers none.
import type { GroupId } from "../../base/ids.ts";
import type { Network } from "../../ports/network.ts";
import type { GroupHost } from "../../replication/group-host.ts";
import { REPLY, type NodeMessage, type Request, type WorkOutcome } from "../../wire/data-messages.ts";
import { STORAGE } from "../../wire/group-configuration.ts";
import { violation, type Violation } from "../checker/violation.ts";

/** Reads under way at one node; the oldest are forgotten first. */
const READS_MAX = 10_000;

export class ReadGuard {
  readonly network: Network<NodeMessage>;
  readonly #reads: Map<string, GroupId> = new Map();

  constructor(
    network: Network<NodeMessage>, self: number, hostOf: (group: GroupId) => GroupHost | null,
    onViolation: (found: Violation) => void,
  ) {
    this.network = {
      send: (to, message): void => {
        if (message.kind === REPLY) {
          const read = `${to} ${message.id}`;
          const group = this.#reads.get(read);
          this.#reads.delete(read);
          if (group !== undefined && holdsItems(message.outcome) && !mayAnswer(hostOf(group))) {
            onViolation(violation("no-read-from-log", `node ${self} answered a read of group ${group} without a tree`));
          }
        }
        network.send(to, message);
      },
    };
  }

  /** Before the node takes the request. */
  asked({ from, id, group, work: { kind } }: Request): void {
    if (kind !== "get" && kind !== "get-many" && kind !== "query" && kind !== "scan") return;
    if (this.#reads.size >= READS_MAX) this.#reads.clear();
    this.#reads.set(`${from} ${id}`, group);
  }
}

function holdsItems({ kind }: WorkOutcome): boolean {
  return kind === "item" || kind === "page" || kind === "many";
}

function mayAnswer(host: GroupHost | null): boolean {
  return host !== null && host.hasTree && host.replica?.kind === STORAGE && host.split === null;
}

// The network of nodes that live in one process: messages pass by reference, in order, in batches at the end
// of a turn of the event loop. A node that is not attached loses its messages, as on any network.
import type { NodeId } from "../base/ids.ts";
import type { Clock } from "../ports/clock.ts";
import type { Network } from "../ports/network.ts";

export type Receive<Message> = (message: Message) => void;

export class LocalNetwork<Message> implements Network<Message> {
  readonly #clock: Clock;
  readonly #onUndeliverable: (to: NodeId, message: Message) => void;
  readonly #receivers: Map<NodeId, Receive<Message>> = new Map();
  #targets: NodeId[] = [];
  #messages: Message[] = [];
  #isScheduled = false;
  #isOpen = false;

  /** `onUndeliverable`: nobody is attached there; as a refused connection would say, the message was not seen. */
  constructor(clock: Clock, onUndeliverable: (to: NodeId, message: Message) => void = (): void => undefined) {
    this.#clock = clock;
    this.#onUndeliverable = onUndeliverable;
  }

  /** Until then messages wait: so that nothing is lost while the nodes of the process open their logs. */
  open(): void {
    this.#isOpen = true;
    if (this.#messages.length > 0) this.#schedule();
  }

  attach(node: NodeId, receive: Receive<Message>): void {
    this.#receivers.set(node, receive);
  }

  detach(node: NodeId): void {
    this.#receivers.delete(node);
  }

  send(to: NodeId, message: Message): void {
    this.#targets.push(to);
    this.#messages.push(message);
    if (this.#isOpen) this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#clock.endOfTurn(() => this.#deliver());
  }

  /** What is sent meanwhile goes out in the next round, so that nodes get their turn in between. */
  #deliver(): void {
    const targets = this.#targets;
    const messages = this.#messages;
    this.#targets = [];
    this.#messages = [];
    this.#isScheduled = false;
    for (let i = 0; i < targets.length; i++) {
      const to = targets[i] as NodeId;
      const receive = this.#receivers.get(to);
      if (receive === undefined) this.#onUndeliverable(to, messages[i] as Message);
      else receive(messages[i] as Message);
    }
  }
}

// Where the nodes of the cluster are reached: taken from the catalogue as it changes, kept for the next start.
import type { NodeId } from "../base/ids.ts";
import type { CatalogueMessage } from "../wire/data-messages.ts";
import type { TcpNetwork } from "../runtime/tcp/tcp-network.ts";
import { peersOf } from "./membership-talk.ts";
import type { KnownPeers, NodeDirectory } from "./node-directory.ts";

export class PeerBook {
  readonly #self: NodeId;
  readonly #directory: NodeDirectory;
  readonly #network: TcpNetwork;
  /** Called once: a catalogue that its sender vouched for does not list this node any more. */
  readonly #onRemoved: () => void;
  #known: KnownPeers;
  #version = 0;
  #wasListed = false;

  constructor(self: NodeId, directory: NodeDirectory, network: TcpNetwork, onRemoved: () => void) {
    this.#self = self;
    this.#directory = directory;
    this.#network = network;
    this.#onRemoved = onRemoved;
    this.#known = directory.readPeers();
    for (const { id, address } of directory.founders) network.learn(id, address);
    for (const { id, address } of this.#known.peers) network.learn(id, address);
  }

  /** Members of the system group as last heard; empty: never. */
  get system(): readonly number[] {
    return this.#known.system;
  }

  get peers(): KnownPeers["peers"] {
    return this.#known.peers;
  }

  /** True when the control plane may be on that node: whoever gives orders must be such a one. */
  isSystemNode(node: NodeId): boolean {
    return this.#known.system.includes(node) || this.#directory.founders.some(({ id }) => id === node);
  }

  /** Where this node was reached in its last life; empty: nowhere. */
  get ownAddress(): string {
    return this.#known.self;
  }

  noteOwnAddress(address: string): void {
    if (this.#known.self !== address) this.#write({ ...this.#known, self: address });
  }

  onCatalogue(message: CatalogueMessage): void {
    const { version, nodes, system, isAuthoritative } = message;
    if (version < this.#version) return;
    this.#version = version;
    const isListed = nodes.some(({ id }) => id === this.#self);
    if (isAuthoritative && this.#wasListed && !isListed) {
      this.#wasListed = false;
      this.#onRemoved();
    }
    if (isAuthoritative && isListed) this.#wasListed = true;
    const peers = peersOf(nodes).filter(({ id }) => id !== this.#self);
    const members = [...system.replicas];
    if (isSame(peers, this.#known.peers) && `${members.join()}` === this.#known.system.join()) return;
    const former = new Map(this.#known.peers.map(({ id, address }) => [id, address]));
    for (const { id, address } of peers) {
      if (former.get(id) !== address) this.#network.learn(id, address);
      former.delete(id);
    }
    for (const id of former.keys()) this.#network.forget(id);
    this.#write({ ...this.#known, peers, system: members });
  }

  #write(known: KnownPeers): void {
    this.#known = known;
    this.#directory.writePeers(known);
  }
}

function isSame(a: KnownPeers["peers"], b: KnownPeers["peers"]): boolean {
  return a.length === b.length && a.every(({ id, address }, i) => b[i]?.id === id && b[i]?.address === address);
}

// The network between the nodes, as the game day breaks it. Two ways to have one: network namespaces, where root
// may make them; and proxies on loopback, where every node is told to connect to its peers through a relay of ours.
// A relay knows who connects by the address that the connection comes from: each node has its own loopback address.

export type Place = {
  /** What the node binds its peer port to, and connects from. */
  readonly listenHost: string;
  readonly apiHost: string;
  /** In front of the node's command. */
  readonly prefix: readonly string[];
  readonly flags: readonly string[];
};

export interface Links {
  readonly name: string;
  /** Slow links can be made here. */
  readonly hasDelay: boolean;
  /** Where node `index` lives. */
  place(index: number): Promise<Place>;
  /** "host:port" that peers of node `index` connect to, which listens on `port`. */
  advertise(index: number, port: number): Promise<string>;
  /** Nothing goes from `from` to `to` any more; connections stay open and silent. */
  cut(from: number, to: number): Promise<void>;
  /** What goes to node `to` takes this long. */
  delay(to: number, ms: number): Promise<void>;
  heal(): Promise<void>;
  close(): Promise<void>;
}

/** Nothing goes between the two groups of nodes, in either direction. */
export async function separate(links: Links, some: readonly number[], others: readonly number[]): Promise<void> {
  for (const a of some) {
    for (const b of others) {
      await links.cut(a, b);
      await links.cut(b, a);
    }
  }
}

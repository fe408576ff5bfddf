// Links of network namespaces, for root on Linux: each node is a host of its own behind a bridge. A cut is a route
// into a black hole on the sending host, so connections stay open and nothing is told to anybody.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Links, Place } from "./links.ts";

const run = promisify(execFile);
const BRIDGE_HOST = 254;

export class NetnsLinks implements Links {
  readonly name = "network namespaces";
  readonly hasDelay: boolean;
  readonly #tag: string;
  readonly #subnet: string;
  readonly #made: Set<number> = new Set();
  readonly #cuts: Map<string, { readonly from: number; readonly to: number }> = new Map();
  readonly #delayed: Set<number> = new Set();

  private constructor(tag: string, subnet: string, hasDelay: boolean) {
    this.#tag = tag;
    this.#subnet = subnet;
    this.hasDelay = hasDelay;
  }

  /** Null where namespaces cannot be made; the reason goes to `tell`. */
  static async open(tell: (reason: string) => void): Promise<NetnsLinks | null> {
    if (process.platform !== "linux" || process.getuid?.() !== 0) {
      tell("network namespaces need Linux and root");
      return null;
    }
    const tag = `sg${process.pid % 10_000}`;
    const subnet = `10.${100 + process.pid % 100}.${Math.floor(process.pid / 100) % 200}`;
    try {
      await ip("link", "add", `${tag}b`, "type", "bridge");
      await ip("addr", "add", `${subnet}.${BRIDGE_HOST}/24`, "dev", `${tag}b`);
      await ip("link", "set", `${tag}b`, "up");
    } catch (error) {
      tell(`network namespaces cannot be made here: ${(error as Error).message.split("\n")[0]}`);
      await ip("link", "del", `${tag}b`).catch(() => undefined);
      return null;
    }
    const hasDelay = await run("tc", ["qdisc", "add", "dev", `${tag}b`, "root", "netem", "delay", "1ms"])
      .then(() => run("tc", ["qdisc", "del", "dev", `${tag}b`, "root"])).then(() => true, () => false);
    return new NetnsLinks(tag, subnet, hasDelay);
  }

  async place(index: number): Promise<Place> {
    const name = this.#nameOf(index);
    const host = this.#hostOf(index);
    if (!this.#made.has(index)) {
      this.#made.add(index);
      await ip("netns", "add", name);
      await ip("link", "add", `${name}h`, "type", "veth", "peer", "name", `${name}g`);
      await ip("link", "set", `${name}g`, "netns", name);
      await ip("link", "set", `${name}h`, "master", `${this.#tag}b`);
      await ip("link", "set", `${name}h`, "up");
      await inside(name, "ip", "link", "set", "lo", "up");
      await inside(name, "ip", "addr", "add", `${host}/24`, "dev", `${name}g`);
      await inside(name, "ip", "link", "set", `${name}g`, "up");
    }
    return { listenHost: host, apiHost: host, prefix: ["ip", "netns", "exec", name], flags: ["--insecure-peers"] };
  }

  advertise(index: number, port: number): Promise<string> {
    return Promise.resolve(`${this.#hostOf(index)}:${port}`);
  }

  async cut(from: number, to: number): Promise<void> {
    const key = `${from} ${to}`;
    if (this.#cuts.has(key)) return;
    this.#cuts.set(key, { from, to });
    await inside(this.#nameOf(from), "ip", "route", "add", "blackhole", `${this.#hostOf(to)}/32`);
  }

  async delay(to: number, ms: number): Promise<void> {
    if (!this.hasDelay) return;
    this.#delayed.add(to);
    await run("tc", ["qdisc", "replace", "dev", `${this.#nameOf(to)}h`, "root", "netem", "delay", `${ms}ms`]);
  }

  async heal(): Promise<void> {
    for (const { from, to } of this.#cuts.values()) {
      await inside(this.#nameOf(from), "ip", "route", "del", "blackhole", `${this.#hostOf(to)}/32`);
    }
    this.#cuts.clear();
    for (const index of this.#delayed) await run("tc", ["qdisc", "del", "dev", `${this.#nameOf(index)}h`, "root"]);
    this.#delayed.clear();
  }

  async close(): Promise<void> {
    for (const index of this.#made) await ip("netns", "del", this.#nameOf(index)).catch(() => undefined);
    await ip("link", "del", `${this.#tag}b`).catch(() => undefined);
  }

  #nameOf(index: number): string {
    return `${this.#tag}n${index}`;
  }

  #hostOf(index: number): string {
    return `${this.#subnet}.${index + 1}`;
  }
}

async function ip(...args: readonly string[]): Promise<void> {
  await run("ip", [...args]);
}

async function inside(namespace: string, ...words: readonly string[]): Promise<void> {
  await run("ip", ["netns", "exec", namespace, ...words]);
}

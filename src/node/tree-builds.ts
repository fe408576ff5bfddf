// Which replicas of this node build their tree now: a few at a time, and never where rows are still being dropped.
import type { NodeReplicator } from "../replication/node-replicator.ts";
import type { GroupHost } from "../replication/group-host.ts";
import { TreeBuild, type BuildEnv } from "../replication/tree-build.ts";
import type { Reply } from "../wire/data-messages.ts";
import type { Hosted } from "./hosted-groups.ts";
import type { RowDrops } from "./row-drops.ts";

export type TreeBuildsEnv = BuildEnv & {
  readonly replicator: NodeReplicator;
  readonly drops: RowDrops;
  /** The tree of the replica is whole and durable. */
  readonly onWhole: (host: GroupHost) => void;
};

/** More at a time would only share the same disk and the same budget of pages. */
const BUILDS_MAX = 2;

export class TreeBuilds {
  readonly #env: TreeBuildsEnv;
  readonly #builds: Set<TreeBuild> = new Set();
  #isStopped = false;

  constructor(env: TreeBuildsEnv) {
    this.#env = env;
  }

  stop(): void {
    this.#isStopped = true;
    for (const build of this.#builds) build.cancel();
    this.#builds.clear();
  }

  /** Begins what the catalogue wants and nothing stands in the way of; gives up what it does not want any more. */
  consider(hosted: Hosted): void {
    const { self, replicator, drops } = this.#env;
    const host = replicator.host(hosted.group);
    const { placed } = hosted;
    if (host === null || placed === null || this.#isStopped) return;
    const { partition, ranges } = placed;
    const isWanted = (partition.joining?.includes(self) ?? false) || partition.replicas.includes(self);
    // One that only waits to be durable is let finish.
    if (hosted.build !== null && !host.isTreeLive && (!isWanted || host.split !== null)) this.cancel(hosted);
    if (!isWanted || host.isTreeLive || host.isClosed || hosted.build !== null) return;
    // Without a configuration there is no log yet whose entries could go over the rows.
    if (host.configuration.epoch === 0 || this.#builds.size >= BUILDS_MAX || drops.isDroppingRows(ranges)) return;
    const build = new TreeBuild(this.#env, host, ranges, () => {
      this.#builds.delete(build);
      hosted.build = null;
      replicator.treeIsWhole(host);
      this.#env.onWhole(host);
    });
    hosted.build = build;
    this.#builds.add(build);
  }

  cancel(hosted: Hosted): void {
    const { build } = hosted;
    if (build === null) return;
    hosted.build = null;
    this.#builds.delete(build);
    build.cancel();
  }

  /** True when the reply was to one of the builds. */
  onReply(reply: Reply): boolean {
    for (const build of this.#builds) if (build.onReply(reply)) return true;
    return false;
  }
}

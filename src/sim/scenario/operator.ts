// What somebody who looks after the cluster does once the faults are over: takes back the drains, strikes off the nodes
// whose disks are lost, and gives a machine whose disk is damaged a new one.
import { catalogueOf } from "../cluster/catalogue.ts";
import type { SimCluster } from "../cluster/sim-cluster.ts";

/** Between two looks. */
const EVERY_US = 250_000;

export class Operator {
  readonly #cluster: SimCluster;
  #nextUs = 0;
  /** Machines that got a new disk. */
  replaced = 0;
  /** Requests to strike a lost node off. */
  removals = 0;

  constructor(cluster: SimCluster) {
    this.#cluster = cluster;
  }

  look(nowUs: number): void {
    if (nowUs < this.#nextUs) return;
    this.#nextUs = nowUs + EVERY_US;
    const cluster = this.#cluster;
    for (const { number, isOn, node, storage } of cluster.machines) {
      if (!isOn || node !== null || !storage.isDamaged || !cluster.loseDisks([number])) continue;
      this.replaced++;
      cluster.powerOn(number);
    }
    for (const record of catalogueOf(cluster)?.nodes ?? []) {
      const { id, state } = record;
      if (cluster.isLost(record)) {
        this.removals++;
        cluster.administer(() => ({ kind: "remove-node", node: id }));
      } else if (state === "draining") {
        cluster.administer(() => ({ kind: "drain-node", node: id, isUndone: true }));
      }
    }
  }
}

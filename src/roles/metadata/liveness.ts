// Which nodes live, by their beats, as one member of the system group hears them. Soft state: a node counts as lost
// only after this member led, and listened, for as long as the verdict takes.
import type { NodeId } from "../../base/ids.ts";
import type { NodeBeat } from "../../wire/data-messages.ts";

export type MetadataTiming = {
  /** How often a node tells that it lives. */
  readonly beatMs: number;
  /** After so long without a beat nothing new is given to a node: five missed beats. */
  readonly suspectMs: number;
  /** After so long its replicas are replaced: longer than a restart takes. */
  readonly downAfterMs: number;
};

export const METADATA_TIMING_DEFAULT: MetadataTiming = { beatMs: 500, suspectMs: 2_500, downAfterMs: 5_000 };

/** `unknown`: not heard of yet, and not listened for long enough to say that it is down. */
export type Life = "up" | "suspect" | "down" | "unknown";

type Heard = { readonly beat: NodeBeat; readonly atMs: number };

/** More senders than there can be nodes: a peer that invents ids finds no more room. */
const NODES_MAX = 32_767;

export class Liveness {
  readonly #self: NodeId;
  readonly #timing: MetadataTiming;
  readonly #heard: Map<NodeId, Heard> = new Map();
  #sinceMs: number;

  constructor(self: NodeId, timing: MetadataTiming, nowMs: number) {
    this.#self = self;
    this.#timing = timing;
    this.#sinceMs = nowMs;
  }

  onBeat(beat: NodeBeat, nowMs: number): void {
    if (this.#heard.size < NODES_MAX || this.#heard.has(beat.from)) this.#heard.set(beat.from, { beat, atMs: nowMs });
  }

  /** Silence from before `nowMs` says nothing: this member begins to lead, or was itself frozen. */
  listenFrom(nowMs: number): void {
    this.#sinceMs = nowMs;
  }

  life(node: NodeId, nowMs: number): Life {
    if (node === this.#self) return "up";
    const { suspectMs, downAfterMs } = this.#timing;
    const heard = this.#heard.get(node);
    if (heard !== undefined && nowMs - heard.atMs < suspectMs) return "up";
    const silentMs = nowMs - Math.max(this.#sinceMs, heard?.atMs ?? this.#sinceMs);
    if (silentMs >= downAfterMs) return "down";
    return heard === undefined || heard.atMs < this.#sinceMs ? "unknown" : "suspect";
  }

  /** Since the last beat; null: none came. */
  ageMs(node: NodeId, nowMs: number): number | null {
    const heard = this.#heard.get(node);
    return heard === undefined ? null : nowMs - heard.atMs;
  }

  lastBeat(node: NodeId): NodeBeat | null {
    return this.#heard.get(node)?.beat ?? null;
  }
}

// What nodes say about themselves, collected. An event of severity "error" is a violation unless it names a
// cause that the simulator injected at that node.
import type { Severity, Telemetry } from "../../ports/telemetry.ts";
import type { EventLoop } from "./event-loop.ts";

export type TelemetryRecord = {
  readonly atUs: number;
  readonly node: number;
  readonly severity: Severity;
  readonly area: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>> | null;
};

/** True when this error is the expected consequence of something the simulator did to the node. */
export type IsInjected = (record: TelemetryRecord) => boolean;

export class TelemetryRecorder {
  readonly #loop: EventLoop;
  readonly #isInjected: IsInjected;
  /** Counts by "area: message". */
  readonly counts: Map<string, number> = new Map();
  readonly errors: TelemetryRecord[] = [];
  /** Each record as it comes, for a verbose run. */
  onRecord: ((record: TelemetryRecord) => void) | null = null;

  constructor(loop: EventLoop, isInjected: IsInjected) {
    this.#loop = loop;
    this.#isInjected = isInjected;
  }

  port(node: number): Telemetry {
    return {
      event: (severity, area, message, fields): void => {
        this.#record({ atUs: this.#loop.nowUs, node, severity, area, message, fields: fields ?? null });
      },
    };
  }

  #record(record: TelemetryRecord): void {
    const name = `${record.area}: ${record.message}`;
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
    if (record.severity === "error" && !this.#isInjected(record)) this.errors.push(record);
    this.onRecord?.(record);
  }
}

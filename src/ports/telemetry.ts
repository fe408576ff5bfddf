// What a node says about itself. An event of severity "error" fails a simulator run unless its cause was
// injected. Log an error once, where it is consumed.

export type Severity = "debug" | "info" | "warn" | "error";

export interface Telemetry {
  /** `area` names the module ("wal", "consensus"); `fields` are plain values. */
  event(severity: Severity, area: string, message: string, fields?: Readonly<Record<string, unknown>>): void;
}

// Telemetry as one line per event on a stream (stderr unless told otherwise): JSON for machines, or text.

import type { Severity, Telemetry } from "../ports/telemetry.ts";

export type TelemetryOptions = {
  /** Events below it are dropped. */
  readonly level: Severity;
  readonly format: "json" | "text";
  /** Takes one line, its newline included. */
  readonly write?: (line: string) => void;
  readonly wallMs?: () => number;
};

const RANK: Readonly<Record<Severity, number>> = { debug: 0, info: 1, warn: 2, error: 3 };
/** Characters of one line; longer ones are cut: a field may hold what a client sent. */
const LINE_CHARS_MAX = 16 * 1024;
const CUT = " [cut]";

export function createTelemetry(options: TelemetryOptions): Telemetry {
  const write = options.write ?? ((line: string): void => { process.stderr.write(line); });
  const wallMs = options.wallMs ?? Date.now;
  const least = RANK[options.level];
  const format = options.format === "json" ? jsonLine : textLine;
  return {
    event(severity, area, message, fields): void {
      if (RANK[severity] < least) return;
      write(`${format(new Date(wallMs()).toISOString(), severity, area, message, fields ?? {})}\n`);
    },
  };
}

type Fields = Readonly<Record<string, unknown>>;

function jsonLine(time: string, severity: Severity, area: string, message: string, fields: Fields): string {
  const line = JSON.stringify({ time, severity, area, message, fields: plain(fields) });
  if (line.length <= LINE_CHARS_MAX) return line;
  return JSON.stringify({ time, severity, area, message: message.slice(0, 1024), cut: line.length });
}

function textLine(time: string, severity: Severity, area: string, message: string, fields: Fields): string {
  let line = `${time} ${severity.toUpperCase().padEnd(5)} ${area}: ${escaped(message)}`;
  for (const [name, value] of Object.entries(plain(fields))) {
    line += ` ${name}=${typeof value === "string" && /^[\w.:/-]+$/.test(value) ? value : JSON.stringify(value)}`;
  }
  return line.length <= LINE_CHARS_MAX ? line : line.slice(0, LINE_CHARS_MAX) + CUT;
}

/** Line ends and other controls would let a field forge a second event. */
function escaped(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001f\u007f]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

/** Fields as JSON can hold them: errors with their stack, big integers and bytes as text, cycles as a mark. */
function plain(fields: Fields): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) out[name] = plainValue(value);
  return out;
}

function plainValue(value: unknown): unknown {
  if (value instanceof Error) return value.stack ?? String(value);
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (value === null || typeof value !== "object") return typeof value === "function" ? "function" : value;
  try {
    return JSON.parse(JSON.stringify(value, (_, inner: unknown) =>
      typeof inner === "bigint" ? inner.toString() : inner)) as unknown;
  } catch {
    return "[not plain]";
  }
}

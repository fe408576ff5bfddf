// What processes and the machine have used, from /proc. Elsewhere than on Linux there are no such figures: null.
import { readFileSync } from "node:fs";

/** Of the times in /proc, on every Linux that Node runs on. */
const MICROS_PER_TICK = 10_000;
const KB_PER_MB = 1_024;

/** CPU of all threads of `pid` since its start, in user and kernel mode, in microseconds. */
export function cpuMicros(pid: number): number | null {
  // The program's name, in parentheses, may hold spaces: fields are counted behind it.
  const fields = read(`/proc/${pid}/stat`)?.split(") ").at(-1)?.split(" ");
  return fields === undefined ? null : (Number(fields[11]) + Number(fields[12])) * MICROS_PER_TICK;
}

export function rssMb(pid: number): number | null {
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`) ?? "")?.[1];
  return kilobytes === undefined ? null : Number(kilobytes) / KB_PER_MB;
}

/** Ticks of all cores together since the machine's start. */
export type MachineTicks = { readonly busy: number; readonly stolen: number; readonly all: number };

export function machineTicks(): MachineTicks | null {
  const line = /^cpu +(.*)$/m.exec(read("/proc/stat") ?? "")?.[1];
  if (line === undefined) return null;
  // user nice system idle iowait irq softirq steal; guests are counted in user
  const ticks = line.split(" ").slice(0, 8).map(Number);
  const all = ticks.reduce((sum, value) => sum + value, 0);
  return { busy: all - (ticks[3] ?? 0) - (ticks[4] ?? 0), stolen: ticks[7] ?? 0, all };
}

/** CPU that other processes took of all cores since `before`, as a share from 0 to 1, given what ours took. */
export function foreignShare(before: MachineTicks | null, after: MachineTicks | null, oursMicros: number,
): number | null {
  if (before === null || after === null || after.all <= before.all) return null;
  const foreign = after.busy - before.busy - oursMicros / MICROS_PER_TICK;
  return Math.max(0, foreign / (after.all - before.all));
}

function read(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

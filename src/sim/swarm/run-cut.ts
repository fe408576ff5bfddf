// What is left out of a run, so that a failing one becomes a short one. Steps of the plan of faults, clients and
// buggify points each draw from streams of their own: leaving one out does not change what the others draw.
//
// As text, for the command line: "steps=0,3 clients=1 points=2 ms=400". Each part may be absent.

export type RunCut = {
  /** Numbers of steps of the plan of faults that are left out. */
  readonly steps: ReadonlySet<number>;
  /** Clients that make no calls. */
  readonly clients: ReadonlySet<number>;
  /** Buggify points, by their place in the list, that are never taken. */
  readonly points: ReadonlySet<number>;
  /** Chaos ends after this; null: as the options say. */
  readonly chaosMs: number | null;
};

export const NO_CUT: RunCut = { steps: new Set(), clients: new Set(), points: new Set(), chaosMs: null };

export function formatCut({ steps, clients, points, chaosMs }: RunCut): string {
  const parts: string[] = [];
  const add = (name: string, numbers: ReadonlySet<number>): void => {
    if (numbers.size > 0) parts.push(`${name}=${[...numbers].sort((a, b) => a - b).join(",")}`);
  };
  add("steps", steps);
  add("clients", clients);
  add("points", points);
  if (chaosMs !== null) parts.push(`ms=${chaosMs}`);
  return parts.join(" ");
}

/** Null when the text is none that `formatCut` makes. */
export function parseCut(text: string): RunCut | null {
  const found = new Map<string, ReadonlySet<number>>();
  for (const part of text.split(" ").filter((word) => word !== "")) {
    const match = /^(steps|clients|points|ms)=(\d{1,6}(?:,\d{1,6})*)$/.exec(part);
    if (match === null || found.has(match[1] as string)) return null;
    found.set(match[1] as string, new Set((match[2] as string).split(",").map(Number)));
  }
  const chaos = found.get("ms");
  if (chaos !== undefined && chaos.size !== 1) return null;
  return {
    steps: found.get("steps") ?? new Set(), clients: found.get("clients") ?? new Set(),
    points: found.get("points") ?? new Set(), chaosMs: chaos === undefined ? null : [...chaos][0] as number,
  };
}

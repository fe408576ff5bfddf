// A progress bar on a terminal; a line now and then where there is none.

const WIDTH = 32;
const REDRAW_MS = 100;
const LINE_MS = 2_000;

export class ProgressBar {
  readonly #label: string;
  readonly #total: number;
  readonly #startedMs: number = performance.now();
  #done = 0;
  #drawnMs = 0;

  constructor(label: string, total: number) {
    this.#label = label;
    this.#total = total;
  }

  advance(by: number): void {
    this.#done += by;
    const now = performance.now();
    if (now - this.#drawnMs < (process.stdout.isTTY ? REDRAW_MS : LINE_MS)) return;
    this.#drawnMs = now;
    this.#draw(now, process.stdout.isTTY ? "" : "\n");
  }

  /** Draws the last state and returns the rate per second. */
  finish(): number {
    const now = performance.now();
    this.#draw(now, "\n");
    return this.#rate(now);
  }

  #rate(now: number): number {
    return this.#done / Math.max(0.001, (now - this.#startedMs) / 1000);
  }

  #draw(now: number, end: string): void {
    const share = this.#total === 0 ? 1 : Math.min(1, this.#done / this.#total);
    const full = Math.round(share * WIDTH);
    const rate = Math.round(this.#rate(now)).toLocaleString("en");
    const bar = `${"█".repeat(full)}${"░".repeat(WIDTH - full)}`;
    const count = `${this.#done.toLocaleString("en")}/${this.#total.toLocaleString("en")}`;
    process.stdout.write(`${process.stdout.isTTY ? "\r" : ""}  ${this.#label} ${bar} ${count}  ${rate}/s${end}`);
  }
}

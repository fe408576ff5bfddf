// At most one value is ever committed per (group, LSN): every entry that any replica applies, in any of its
// lives, is the one that the first replica applied there.
import { violation, type Violation } from "./violation.ts";

export type AppliedEntry = {
  readonly group: number;
  readonly lsn: number;
  readonly node: number;
  readonly ballot: number;
  readonly crc: number;
};

export class LogAgreement {
  readonly #first: Map<number, Map<number, AppliedEntry>> = new Map();
  entries = 0;

  note(entry: AppliedEntry): Violation | null {
    this.entries++;
    let log = this.#first.get(entry.group);
    if (log === undefined) {
      log = new Map();
      this.#first.set(entry.group, log);
    }
    const first = log.get(entry.lsn);
    if (first === undefined) {
      log.set(entry.lsn, entry);
      return null;
    }
    if (first.ballot === entry.ballot && first.crc === entry.crc) return null;
    return violation("log-agreement", `group ${entry.group} LSN ${entry.lsn}: node ${first.node} applied ballot `
      + `${first.ballot} crc ${first.crc}, node ${entry.node} ballot ${entry.ballot} crc ${entry.crc}`);
  }
}

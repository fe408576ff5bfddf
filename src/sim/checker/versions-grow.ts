// What a router knows of a table never becomes older while the router lives.
import { violation, type Violation } from "./violation.ts";

export class VersionsGrow {
  readonly #newest: Map<string, number> = new Map();

  /** `life` names one life of one router, `table` one table, also against a later one of the same name. */
  note(life: string, table: string, version: number): Violation | null {
    const key = `${life} ${table}`;
    const before = this.#newest.get(key);
    if (before === undefined || version > before) this.#newest.set(key, version);
    return before === undefined || version >= before ? null
      : violation("versions-grow", `the router ${life} knew version ${before} of table ${table}, and now ${version}`);
  }
}

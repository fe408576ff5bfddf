// The request's headers: the few the API reads by name, and look-up for those a signature covers. A client sends the
// same names in the same order again and again: what follows from them is kept with the front end's layout.
import type { HeaderLayout } from "../../ports/http.ts";

const ABSENT = -1;

/** What the names of a request say. Positions are those of the values in `rawHeaders`. */
class HeaderNotes {
  /** In lower case. */
  readonly names: readonly string[];
  readonly authorization: number;
  readonly target: number;
  readonly contentType: number;
  readonly amzDate: number;
  readonly date: number;
  readonly contentEncoding: number;
  readonly acceptEncoding: number;
  readonly origin: number;
  /** The authenticator's: see there. */
  verified: unknown;

  constructor(raw: readonly string[]) {
    const names: string[] = [];
    for (let i = 0; i + 1 < raw.length; i += 2) names.push((raw[i] as string).toLowerCase());
    const lastOf = (name: string): number => {
      const index = names.lastIndexOf(name);
      return index < 0 ? ABSENT : 2 * index + 1;
    };
    this.names = names;
    this.authorization = lastOf("authorization");
    this.target = lastOf("x-amz-target");
    this.contentType = lastOf("content-type");
    this.amzDate = lastOf("x-amz-date");
    this.date = lastOf("date");
    this.contentEncoding = lastOf("content-encoding");
    this.acceptEncoding = lastOf("accept-encoding");
    this.origin = lastOf("origin");
    this.verified = null;
  }
}

export class RequestHeaders {
  readonly #notes: HeaderNotes;
  readonly #raw: readonly string[];
  readonly authorization: string | null;
  readonly target: string | null;
  readonly contentType: string | null;
  /** X-Amz-Date. */
  readonly amzDate: string | null;
  readonly date: string | null;

  constructor(raw: readonly string[], layout: HeaderLayout | null) {
    const notes = notesOf(raw, layout);
    this.#notes = notes;
    this.#raw = raw;
    this.authorization = at(raw, notes.authorization);
    this.target = at(raw, notes.target);
    this.contentType = at(raw, notes.contentType);
    this.amzDate = at(raw, notes.amzDate);
    this.date = at(raw, notes.date);
  }

  get contentEncoding(): string | null {
    return at(this.#raw, this.#notes.contentEncoding);
  }

  get acceptEncoding(): string | null {
    return at(this.#raw, this.#notes.acceptEncoding);
  }

  get origin(): string | null {
    return at(this.#raw, this.#notes.origin);
  }

  /** What the last request of this layout left; the same for all requests that share it. */
  get verified(): unknown {
    return this.#notes.verified;
  }

  set verified(value: unknown) {
    this.#notes.verified = value;
  }

  /** For `valueAt`, the same for all requests of this layout. Null: there is none of that name, or several. */
  positionOf(name: string): number | null {
    const { names } = this.#notes;
    const first = names.indexOf(name);
    return first < 0 || names.lastIndexOf(name) !== first ? null : 2 * first + 1;
  }

  valueAt(position: number): string {
    return this.#raw[position] as string;
  }

  /** The value of a header by its lower-case name; several of one name joined by commas; "" when absent. */
  get(name: string): string {
    const { names } = this.#notes;
    let found = "";
    let isFound = false;
    for (let i = 0; i < names.length; i++) {
      if (names[i] !== name) continue;
      const value = this.#raw[2 * i + 1] as string;
      found = isFound ? `${found},${collapse(value)}` : collapse(value);
      isFound = true;
    }
    return found;
  }
}

function notesOf(raw: readonly string[], layout: HeaderLayout | null): HeaderNotes {
  if (layout !== null && layout.memo instanceof HeaderNotes) return layout.memo;
  const notes = new HeaderNotes(raw);
  if (layout !== null) layout.memo = notes;
  return notes;
}

function at(raw: readonly string[], position: number): string | null {
  return position === ABSENT ? null : raw[position] as string;
}

/** Trimmed, runs of spaces made one: the form a signature covers. */
function collapse(value: string): string {
  const trimmed = value.trim();
  return trimmed.includes("  ") ? trimmed.split(" ").filter((part) => part !== "").join(" ") : trimmed;
}

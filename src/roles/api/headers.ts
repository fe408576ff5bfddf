// The request's headers, walked once: the few the API reads by name, and look-up for those a signature covers.

export class RequestHeaders {
  /** Lower-case names; the value of `names[i]` is `raw[2 * i + 1]`. */
  readonly #names: string[];
  readonly #raw: readonly string[];
  readonly authorization: string | null;
  readonly target: string | null;
  readonly contentType: string | null;
  /** X-Amz-Date. */
  readonly amzDate: string | null;
  readonly date: string | null;

  constructor(raw: readonly string[]) {
    const names: string[] = [];
    let authorization: string | null = null;
    let target: string | null = null;
    let contentType: string | null = null;
    let amzDate: string | null = null;
    let date: string | null = null;
    for (let i = 0; i + 1 < raw.length; i += 2) {
      const name = (raw[i] as string).toLowerCase();
      names.push(name);
      switch (name) {
        case "authorization": authorization = raw[i + 1] as string; break;
        case "x-amz-target": target = raw[i + 1] as string; break;
        case "content-type": contentType = raw[i + 1] as string; break;
        case "x-amz-date": amzDate = raw[i + 1] as string; break;
        case "date": date = raw[i + 1] as string; break;
        default: break;
      }
    }
    this.#names = names;
    this.#raw = raw;
    this.authorization = authorization;
    this.target = target;
    this.contentType = contentType;
    this.amzDate = amzDate;
    this.date = date;
  }

  /** The value of a header by its lower-case name; several of one name joined by commas; "" when absent. */
  get(name: string): string {
    const names = this.#names;
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

/** Trimmed, runs of spaces made one: the form a signature covers. */
function collapse(value: string): string {
  const trimmed = value.trim();
  return trimmed.includes("  ") ? trimmed.split(" ").filter((part) => part !== "").join(" ") : trimmed;
}

// Scopes of signatures already seen, with their signing keys: a request from a known client costs no
// parsing of its scope and no key derivation.
import type { Crypto, HmacKey } from "../../../ports/crypto.ts";
import type { SignatureScope } from "./signature-parts.ts";

/** Entries: one per client credential, day, region and set of signed headers. */
const ENTRIES_MAX = 512;
/** Characters of a header worth remembering; real ones have about 300. */
const HEADER_CHARACTERS_MAX = 2_048;

export type KnownScope = {
  readonly scope: SignatureScope;
  readonly key: HmacKey | null;
  /** Of the scope, or the default where that names none that makes sense. */
  readonly region: string;
};

/** Bounded; the oldest entry makes room. Only what passed verification may be put in. */
export class ScopeCache {
  readonly #byText: Map<string, KnownScope> = new Map();

  get(text: string): KnownScope | undefined {
    return this.#byText.get(text);
  }

  put(text: string, known: KnownScope): void {
    if (text.length > HEADER_CHARACTERS_MAX) return;
    if (this.#byText.size >= ENTRIES_MAX) {
      const oldest = this.#byText.keys().next();
      if (!oldest.done) this.#byText.delete(oldest.value);
    }
    this.#byText.set(text, known);
  }
}

/** The chain of four HMACs from the secret to the key of one day, region and service. */
export function deriveSigningKey(crypto: Crypto, secretAccessKey: string, scope: SignatureScope): HmacKey {
  const day = crypto.hmacSha256(crypto.hmacKey(`AWS4${secretAccessKey}`), scope.date);
  const region = crypto.hmacSha256(crypto.hmacKey(day), scope.region);
  const service = crypto.hmacSha256(crypto.hmacKey(region), scope.service);
  return crypto.hmacKey(crypto.hmacSha256(crypto.hmacKey(service), scope.terminator));
}

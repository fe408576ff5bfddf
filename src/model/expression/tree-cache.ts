// Keeps values by expression text, those in use at least, within a bound on the texts' total length.
//
// Two generations: what is added or found goes into the young one; when that is full it becomes the old
// one and the old one is dropped. A value in use is thus copied over before it would go. (One map kept in
// order of use would have to skip, at each eviction, all entries deleted since its last rehash.)

/**
 * Characters of all texts of one generation. A tree takes about fifty bytes per character of its text, so
 * a cache stays below 10 MiB; at some 60 characters per expression it holds more than 1000, which is far
 * more than the distinct expressions of usual applications.
 */
const GENERATION_CHARACTERS_MAX = 64 * 1024;

export class TreeCache<T> {
  readonly #charactersMax: number;
  #young: Map<string, T>;
  #old: Map<string, T>;
  #youngCharacters: number;

  constructor(generationCharactersMax: number = GENERATION_CHARACTERS_MAX) {
    this.#charactersMax = generationCharactersMax;
    this.#young = new Map();
    this.#old = new Map();
    this.#youngCharacters = 0;
  }

  get(text: string): T | null {
    const young = this.#young.get(text);
    if (young !== undefined) return young;
    const old = this.#old.get(text);
    if (old === undefined) return null;
    this.add(text, old);
    return old;
  }

  add(text: string, tree: T): void {
    if (text.length > this.#charactersMax || this.#young.has(text)) return;
    if (this.#youngCharacters + text.length > this.#charactersMax) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngCharacters = 0;
    }
    this.#young.set(text, tree);
    this.#youngCharacters += text.length;
  }
}

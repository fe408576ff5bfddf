// Keeps the most recently used values by expression text, within a bound on their total size.

/**
 * Characters of all texts of one cache. A tree takes about fifty bytes per character of its text, so a cache
 * stays below 10 MiB; at some 60 characters per expression it holds more than 2000, which is far more
 * than the distinct expressions of usual applications.
 */
const CACHED_CHARACTERS_MAX = 128 * 1024;

export class TreeCache<T> {
  /** Least recently used first. */
  readonly #trees: Map<string, T>;
  readonly #charactersMax: number;
  #characters: number;
  /** The text asked for last, which often is the next one as well. */
  #latest: string | null;

  constructor(charactersMax: number = CACHED_CHARACTERS_MAX) {
    this.#trees = new Map();
    this.#charactersMax = charactersMax;
    this.#characters = 0;
    this.#latest = null;
  }

  get(text: string): T | null {
    const tree = this.#trees.get(text);
    if (tree === undefined) return null;
    if (text !== this.#latest) {
      this.#trees.delete(text);
      this.#trees.set(text, tree);
      this.#latest = text;
    }
    return tree;
  }

  add(text: string, tree: T): void {
    if (text.length > this.#charactersMax || this.#trees.has(text)) return;
    this.#trees.set(text, tree);
    this.#latest = text;
    this.#characters += text.length;
    for (const oldest of this.#trees.keys()) {
      if (this.#characters <= this.#charactersMax) return;
      this.#trees.delete(oldest);
      this.#characters -= oldest.length;
    }
  }
}
